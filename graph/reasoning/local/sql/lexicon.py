"""Words of English that mean the same in every database: operators, adjectives, synonyms.

Data only. Groups of synonyms are symmetric; adjectives name, besides the direction, the words of columns
that they measure. No word here belongs to one database.
"""

from typing import Literal, TypeAlias

Comparison: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">="]
Aggregate: TypeAlias = Literal["avg", "sum", "min", "max", "count"]


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


def _phrases(text: str) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(phrase.split()) for phrase in text.split(","))


NUMBERS = {
    "zero": 0,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "twenty": 20,
    "thirty": 30,
    "fifty": 50,
    "hundred": 100,
    "thousand": 1000,
}

DETERMINERS = word_set(
    "the a an all any some their its his her our your these those there every such listed existing "
    "corresponding respective associated"
)
"""Words before a noun that change nothing about it."""

OPENINGS = word_set(
    "what which who whose whom show list find give return tell display get me us please can could would "
    "you i we want need to know see like let is are was were do does did have has retrieve print output "
    "provide report state identify name select calculate compute determine look up present"
) - {"name"}
"""Words that open a question before anything is named."""

ASKING_WHETHER = word_set("is are was were do does did has have had will should would must may might")
"""A question that begins so wants a yes or a no, which no list of rows is."""

LIGHT = word_set(
    "who that which whose whom where is are was were be been do does did have has had having being with "
    "there then it they we i us our me them this these those get got so far yet ever can will respective "
    "various exist exists existed existing occur occurs occurred occurring happen happens happened"
)
"""Pronouns and auxiliaries, and verbs that say only that something is there."""

PREPOSITIONS = word_set(
    "of for in from by at on to among across within about into through during inside throughout as "
    "regarding concerning"
)

TAILS = word_set("total overall respectively please too altogether ever yet there also")
"""Words at the end of a phrase that add nothing."""

JOINERS = _phrases(
    "and,and also,along with,along with the corresponding,as well as,together with,and the corresponding,"
    "and their,and its,along with their,along with its,and the,and what is,and what are,and show,and return,"
    "and list,and give,and find,and also return,plus,and also show,and what"
)

AGGREGATES: dict[tuple[str, ...], Aggregate] = {
    **dict.fromkeys(_phrases("average,mean,average value,average amount"), "avg"),
    **dict.fromkeys(
        _phrases("total,sum,total amount,total sum,sum total,combined,overall,total value"), "sum"
    ),
    **dict.fromkeys(_phrases("maximum,max,maximal,maximum value"), "max"),
    **dict.fromkeys(_phrases("minimum,min,minimal,minimum value"), "min"),
}

COUNTERS = _phrases(
    "how many,number of,count of,count,total number of,total count of,count number of,amount of,"
    "how many total,the number of,count the number of,numbers of"
)

ENDINGS = _phrases(
    "in the database,in the list,in this list,in the table,in the records,in the system,in our database,"
    "on record,in all,at all,if any,in general,in total,in this database,in the data,in our records,"
    "in the dataset,of all,on file,as well,"
    "take place,took place,takes place,taken place,taking place,take part,took part,takes part,taking part"
)
"""Phrases that add nothing."""

DISTINCT = word_set("different distinct distinctive unique unduplicated")

EACH = word_set("each every per")

COMPARISONS: dict[tuple[str, ...], Comparison] = {
    **dict.fromkeys(
        _phrases(
            "more than,greater than,larger than,bigger than,higher than,above,over,exceeding,exceeds,"
            "exceed,greater,larger,higher,more,bigger,later than,newer than,beyond,better than,is over,"
            "longer than,in excess of"
        ),
        ">",
    ),
    **dict.fromkeys(
        _phrases(
            "less than,fewer than,smaller than,lower than,below,under,earlier than,less,lower,smaller,fewer,"
            "shorter than,worse than,beneath"
        ),
        "<",
    ),
    **dict.fromkeys(
        _phrases(
            "at least,no less than,no fewer than,not less than,a minimum of,minimum of,no lower than,"
            "greater than or equal to,more than or equal to,no smaller than,equal to or greater than,"
            "equal to or more than,larger than or equal to,higher than or equal to,no earlier than"
        ),
        ">=",
    ),
    **dict.fromkeys(
        _phrases(
            "at most,no more than,not more than,up to,a maximum of,maximum of,less than or equal to,"
            "no greater than,fewer than or equal to,lower than or equal to,no later than,no higher than,"
            "smaller than or equal to,equal to or less than,not exceeding"
        ),
        "<=",
    ),
    **dict.fromkeys(_phrases("exactly,equal to,equals,equal,only,precisely,the same as"), "="),
    **dict.fromkeys(_phrases("different from,other than,not equal to,unequal to,anything but"), "!="),
}

AFTERWARDS: dict[tuple[str, ...], Comparison] = {
    **dict.fromkeys(
        _phrases("or more,or above,or higher,or later,or after,or greater,or over,or older"), ">="
    ),
    **dict.fromkeys(_phrases("and above,and over,and later,and older,or newer,or larger,or longer"), ">="),
    **dict.fromkeys(_phrases("or less,or fewer,or below,or lower,or earlier,or before,or younger"), "<="),
    **dict.fromkeys(_phrases("and below,and earlier,or smaller,or under,or shorter"), "<="),
}
"""What may follow a number to say in which direction it is a limit."""

TIMES: dict[tuple[str, ...], Comparison] = {
    **dict.fromkeys(_phrases("after,later than,since after"), ">"),
    **dict.fromkeys(_phrases("before,earlier than,prior to"), "<"),
    **dict.fromkeys(_phrases("since,from,starting in,starting from"), ">="),
    **dict.fromkeys(_phrases("until,till,by,up to"), "<="),
}

INVERSE: dict[Comparison, Comparison] = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}

MEASURES: dict[str, tuple[bool, str]] = {
    **dict.fromkeys(("old", "elderly", "aged"), (True, "age birth")),
    "young": (False, "age birth"),
    "tall": (True, "height tall"),
    "short": (False, "height length duration short runtime"),
    "long": (True, "length duration long time runtime distance"),
    "heavy": (True, "weight mass"),
    "light": (False, "weight mass"),
    "fast": (True, "speed velocity"),
    "slow": (False, "speed velocity"),
    **dict.fromkeys(("expensive", "costly", "pricey", "dear"), (True, "price cost fee amount charge")),
    **dict.fromkeys(("cheap", "inexpensive"), (False, "price cost fee amount charge")),
    **dict.fromkeys(("large", "big", "huge"), (True, "size area capacity population square surface")),
    **dict.fromkeys(("small", "little", "tiny"), (False, "size area capacity population square surface")),
    **dict.fromkeys(("populous", "populated"), (True, "population")),
    "rich": (True, "wealth money worth income gdp gnp"),
    "poor": (False, "wealth money worth income gdp gnp"),
    "far": (True, "distance"),
    **dict.fromkeys(("near", "close"), (False, "distance")),
    "deep": (True, "depth"),
    "wide": (True, "width"),
    "strong": (True, "strength power magnitude"),
    "powerful": (True, "power horsepower"),
    **dict.fromkeys(
        ("new", "recent", "late", "modern"), (True, "date year time founded opened created released")
    ),
    **dict.fromkeys(("early", "ancient"), (False, "date year time founded opened created released")),
    "high": (True, "height elevation altitude rating score grade price"),
    "low": (False, "height elevation altitude rating score grade price"),
    **dict.fromkeys(("great", "much", "many", "good"), (True, "")),
    **dict.fromkeys(("few",), (False, "")),
}
"""Adjective → whether its superlative is the greatest value, and words of the columns it measures."""

IRREGULAR = {
    "most": "many",
    "more": "many",
    "least": "few",
    "less": "few",
    "fewest": "few",
    "fewer": "few",
    "best": "good",
    "better": "good",
    "latest": "late",
    "later": "late",
    "farthest": "far",
    "furthest": "far",
    "farther": "far",
    "further": "far",
    "eldest": "old",
    "elder": "old",
    "worst": "few",
}
"""Superlatives and comparatives whose adjective is not found by taking off -est or -er."""

DIRECTIONS: dict[tuple[str, ...], bool] = {
    **dict.fromkeys(
        _phrases("ascending,ascending order,increasing,increasing order,ascending alphabetical"), False
    ),
    **dict.fromkeys(
        _phrases("alphabetical,alphabetical order,lexicographical,lexicographical order,asc"), False
    ),
    **dict.fromkeys(
        _phrases("alphabetically,chronological order,chronologically,lexicographic order"), False
    ),
    **dict.fromkeys(
        _phrases("ascending alphabetical order,alphabetic order,lexical order,alphabetic"), False
    ),
    **dict.fromkeys(_phrases("descending,descending order,decreasing,decreasing order,desc"), True),
    **dict.fromkeys(_phrases("reverse alphabetical order,reverse order,descending alphabetical order"), True),
    **dict.fromkeys(
        _phrases("reversed alphabetical order,reversed lexicographical order,reversed order"), True
    ),
    **dict.fromkeys(_phrases("reverse lexicographical order,reverse lexicographic order"), True),
    **dict.fromkeys(_phrases("reverse alphabetical,reverse chronological order"), True),
}
"""Words for the order of rows → whether the greatest comes first."""

SORTERS = _phrases(
    "ordered by,order by,sorted by,sort by,ranked by,arranged by,in order of,in the order of,sort in,"
    "ordered,sorted,order,sort,rank,ranked,listed in,ordered in,sorted in,arranged in,in,in the,"
    "order them by,sort them by,order the results by,sort the results by,order results by,"
    "sort results by,rank them by,order the result by,sort the result by,sort the list by,"
    "order the list by,listed by,ordered from,sorted from,"
    "sort the results in,list them in,order them in,sort them in,by,in a,shown in,arranged,put them in"
)

FREQUENT = word_set("common frequent popular frequently commonly often widely prevalent")
"""Adjectives and adverbs whose superlative counts rows."""

NEGATIONS = word_set(
    "not without no never except excluding don't doesn't didn't isn't aren't wasn't neither nor haven't "
    "hasn't weren't cannot can't none nobody"
)
