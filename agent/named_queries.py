"""The named queries of a configuration as the catalogue takes them."""

from collections.abc import Mapping, Sequence

from agent.sections import Query, QueryParameter
from tools.types import NamedQuery, Parameter


def named_queries(queries: Sequence[Query]) -> list[NamedQuery]:
    """Return the queries with every default filled in."""
    return [
        NamedQuery(
            name=query.name,
            description=query.description,
            statement=query.statement,
            examples=query.examples,
            parameters=tuple(_parameter(name, parameter) for name, parameter in query.parameters.items()),
            answer=query.answer,
            empty=query.empty,
        )
        for query in queries
    ]


def _parameter(name: str, parameter: QueryParameter) -> Parameter:
    choices = parameter.choices
    named = choices if isinstance(choices, Mapping) else dict.fromkeys(choices, ())
    return Parameter(
        name=name,
        kind=parameter.kind,
        pattern=parameter.pattern,
        choices=tuple((value, tuple(words)) for value, words in named.items()),
        column=parameter.column,
        required=parameter.required and parameter.default is None,
        default=parameter.default,
        ask=parameter.ask or f"Which {name.replace('_', ' ')} do you mean?",
    )
