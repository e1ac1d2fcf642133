"""Draws the results: shares of the reference, costs in parts of their goals, and the memory of row 15 over time."""

from html import escape

import report

WIDTH, BAR, LEFT, SCALE = 1080, 28, 480, 440
MET, MISSED, PLAIN, LINE = "#0f5c63", "#b5651d", "#7a8b8c", "#a3271f"


def draw(head, rows):
    ratios = [row for row in rows if not row["unit"]]
    shares = [row for row in ratios if not (row["goal"] or "≥").startswith("≤")]
    costs = [row for row in ratios if (row["goal"] or "").startswith("≤")]
    parts, y = [], 60
    for title, part, value in [("Share of the reference in the same run: more is better", shares, lambda row: row["figure"]),
                               ("Cost, as a part of the goal: less is better", costs, lambda row: row["figure"] / report.limit(row["goal"]))]:
        y = bars(parts, y, title, part, value)
    for row in rows:
        if row["samples"]:
            y = curve(parts, y, row["samples"])
    start = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y + 10}" font-family="sans-serif" font-size="13">',
             f'<rect width="{WIDTH}" height="{y + 10}" fill="#fff"/>',
             '<text x="16" y="24" font-size="15" font-weight="bold">patron against the database alone, in the same run</text>',
             f'<text x="16" y="44" fill="#555" font-size="12">{escape(head)}</text>']
    return "\n".join(start + parts + ["</svg>"]) + "\n"


def bars(parts, y, title, rows, value):
    """Draws a bar per row with a mark at its goal. Returns where the next part begins."""
    if not rows:
        return y
    parts.append(f'<text x="16" y="{y + 18}" font-weight="bold">{title}</text>')
    parts.append(f'<text x="{LEFT}" y="{y + 18}" fill="{LINE}" font-size="12">| goal</text>')
    goal_of = lambda row: None if not row["goal"] else report.limit(row["goal"]) if row["goal"].startswith("≥") else 1
    scale = SCALE / max([1.2] + [value(row) for row in rows])
    for index, row in enumerate(rows):
        top = y + 26 + index * BAR
        goal, length = goal_of(row), value(row) * scale
        color = {True: MET, False: MISSED, None: PLAIN}[row["met"]]
        parts.append(f'<text x="16" y="{top + 18}">{row["row"]}  {escape(row["what"] + report.at(row["connections"]))}</text>')
        parts.append(f'<rect x="{LEFT}" y="{top + 5}" width="{length:.1f}" height="18" rx="3" fill="{color}"/>')
        if goal:
            x = LEFT + goal * scale
            parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top + 1}" y2="{top + 27}" stroke="{LINE}" stroke-width="2"/>')
        text = f'{row["figure"]:.2f}' + (f' ({row["goal"]})' if row["goal"] else "")
        parts.append(f'<text x="{LEFT + 8 + max(length, (goal or 0) * scale):.1f}" y="{top + 18}">{escape(text)}</text>')
    return y + 26 + len(rows) * BAR + 16


def curve(parts, y, samples):
    """Draws memory over time, one sample a second."""
    height, most = 90, max(samples) * 1.1
    width = WIDTH - 2 * 60
    point = lambda index, value: f"{60 + index * width / max(1, len(samples) - 1):.1f},{y + 30 + height * (1 - value / most):.1f}"
    parts.append(f'<text x="16" y="{y + 18}" font-weight="bold">Memory during row 15: {len(samples)} s, {min(samples):.0f} to {max(samples):.0f} MB</text>')
    parts.append(f'<polyline points="{" ".join(point(*sample) for sample in enumerate(samples))}" fill="none" stroke="{MET}" stroke-width="2"/>')
    parts.append(f'<line x1="60" x2="{60 + width}" y1="{y + 30 + height}" y2="{y + 30 + height}" stroke="#999"/>')
    parts.append(f'<text x="16" y="{y + 34 + height}" font-size="12">0 MB</text>')
    return y + 30 + height + 20
