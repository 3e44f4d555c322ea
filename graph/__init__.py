"""How an answer is reached: one LangGraph state graph and the reasoning behind its nodes."""
