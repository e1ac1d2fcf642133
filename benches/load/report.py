"""The rows with their goals, and the results as JSON, as a table and as a chart."""

import json

import chart

ROWS = {
    0: "floor", 1: "customer(id)", 2: "currentCustomer", 3: "page", 4: "page by cursor", 5: "keyword", 6: "PATCH", 7: "login",
    8: "refresh", 9: "SQLite", 10: "memory", 11: "start", 12: "10 000 against --large customers", 13: "import and export",
    14: "lists: keyword", 15: "mixed load", 16: "idle connections", 18: "bytes of a customer", 19: "bytes of a change",
    20: "journal", 21: "lists: filter", 22: "lists: sort", 23: "overview",
}

# "≥" for a share of the reference, "≤" for a cost: a time, a size, or how many times another figure.
GOALS = {
    "1": "≥ 0.85", "2": "≥ 0.75", "3": "≥ 0.3", "4": "≤ 1.2", "5": "≤ 10", "6": "≥ 0.65", "7 logins": "≥ 0.95", "7 reads": "≤ 3",
    "8": "≥ 0.4", "9": "≥ 0.7", "10 idle": "≤ 24", "10 busy": "≤ 60", "11": "≤ 150", "12": "≤ 1.3", "12 import": "≤ 1.5",
    "13": "≤ 2", "14": "≤ 100", "15 p99": "≤ 25", "15 memory": "≤ 1.1", "16 memory": "≤ 150", "16 row 1": "≥ 0.9",
    "21": "≤ 50", "22": "≤ 50", "23 all": "≤ 500", "23 few": "≤ 100",
}


def limit(goal):
    return float(goal.split()[1])


def is_met(goal, figure):
    """Whether a figure meets its goal, both with two decimals, as they are shown; none without a goal."""
    if not goal:
        return None
    figure = round(figure, 2)
    return figure >= limit(goal) if goal.startswith("≥") else figure <= limit(goal)


def at(connections):
    return f", {connections} connection{'s' if connections > 1 else ''}" if connections else ""


def verdict(row):
    return {True: "met", False: "**missed**", None: ""}[row["met"]]


def write(folder, result):
    folder.mkdir(parents=True, exist_ok=True)
    result["rows"].sort(key=lambda row: row["row"])
    (folder / "result.json").write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    machine = result["machine"]
    head = f"{machine['date']}, {result['program']}, {machine['cores']} cores of {machine['cpu']}, {result['customers']:,} customers, " \
           f"medians of {result['rounds']} rounds of {result['seconds']} s"
    table = ["| | what | connections | goal | measured | | |", "|---|---|---|---|---|---|---|"]
    table += [f"| {row['row']} | {row['what']} | {row['connections'] or ''} | {row['goal'] or 'none'} | {row['figure']:,.2f} {row['unit']} "
              f"| {verdict(row)} | {row['detail']} |" for row in result["rows"]]
    (folder / "result.md").write_text(head + "\n\n" + "\n".join(table) + "\n")
    (folder / "result.svg").write_text(chart.draw(head, result["rows"]))
    missed = sorted({row["row"] for row in result["rows"] if row["met"] is False})
    print(f"\nmissed: {', '.join(f'row {row}' for row in missed) or 'none'}")
    print(f"{folder}/result.json, result.md, result.svg")
