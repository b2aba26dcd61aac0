from app.api.log_budget import BYTES, LINES, MAX_TOKENS, LogBudget


def test_a_token_gets_back_each_second_what_it_may_send_in_one() -> None:
    now = 0.0
    budget = LogBudget(lambda: now)
    assert budget.spend("a", LINES, LINES.burst) is None
    assert budget.spend("a", LINES, 100) == 10
    assert budget.spend("b", LINES, 100) is None
    assert budget.spend("a", BYTES, 1) is None, "lines and bytes are apart"
    now += 9.9
    assert budget.spend("a", LINES, 100) == 1
    now += 0.2
    assert budget.spend("a", LINES, 100) is None


def test_over_an_hour_no_token_sends_more_than_the_documents_say() -> None:
    now, sent = 0.0, 0
    budget = LogBudget(lambda: now)
    for tenths in range(36_000):
        now = tenths / 10
        sent += 0 if budget.spend("a", BYTES, 64 * 1024) else 64 * 1024

    assert sent <= BYTES.burst + 3600 * BYTES.per_s
    assert sent >= 3600 * BYTES.per_s


def test_tokens_that_were_not_heard_of_for_long_are_forgotten() -> None:
    budget = LogBudget(lambda: 0.0)
    for number in range(3 * MAX_TOKENS):
        budget.spend(str(number), LINES, 600)
        budget.spend("busy", LINES, 600)

    assert len(budget._left) == 2 * MAX_TOKENS
    assert budget.spend("busy", LINES, 1) is not None
