"""Writes the figures as JSON, as a table and as a chart."""

import json
from html import escape


def write(folder, result):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "result.json").write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    machine = result["machine"]
    head = f"{machine['date']}, {machine['cores']} cores of {machine['cpu']}, {result['customers']} customers, " \
           f"medians of {result['rounds']} rounds of {result['seconds']} s"
    table = ["| | what | goal | measured | |", "|---|---|---|---|---|"]
    table += [f"| {row['row']} | {row['what']} | {row['goal']} | {row['figure']:.2f} | {row['detail']} |" for row in result["rows"]]
    (folder / "result.md").write_text(head + "\n\n" + "\n".join(table) + "\n")
    (folder / "result.svg").write_text(chart(head, [row for row in result["rows"] if row["reference"]]))
    print(f"\n{folder}/result.json, result.md, result.svg")


def chart(head, rows):
    """Draws a bar per row: the ratio of patron to its reference, with a mark at the goal."""
    width, bar, top = 900, 34, 60
    height = top + bar * len(rows) + 40
    scale = 480 / max([1.2] + [row["figure"] for row in rows])
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="13">',
             f'<rect width="{width}" height="{height}" fill="#fff"/>',
             '<text x="16" y="24" font-size="15" font-weight="bold">patron against the database alone, in the same run</text>',
             f'<text x="16" y="44" fill="#555" font-size="12">{escape(head)}</text>']
    for index, row in enumerate(rows):
        y = top + index * bar
        goal = float(row["goal"].split()[-1])
        parts.append(f'<text x="16" y="{y + 20}">{escape(row["what"])}</text>')
        parts.append(f'<rect x="320" y="{y + 6}" width="{row["figure"] * scale:.1f}" height="20" rx="3" fill="#0f5c63"/>')
        parts.append(f'<line x1="{320 + goal * scale:.1f}" x2="{320 + goal * scale:.1f}" y1="{y + 2}" y2="{y + 30}" stroke="#a3271f" stroke-width="2"/>')
        parts.append(f'<text x="{328 + max(row["figure"], goal) * scale:.1f}" y="{y + 20}">{row["figure"]:.2f}</text>')
    parts.append(f'<text x="320" y="{height - 14}" fill="#a3271f" font-size="12">| goal</text></svg>')
    return "\n".join(parts) + "\n"
