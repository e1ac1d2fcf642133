"""Writes the figures of benches/peers as JSON, as a table and as a chart."""

import json
from html import escape

# What patron is to be, as a multiple of the requests per second of each server.
GOALS = {"PostGraphile": 3.5, "Mercurius": 6.0}
COLORS = {"patron": "#0f5c63", "PostGraphile": "#c98a2b", "Mercurius": "#8a8f98"}


def best(cell, server):
    """The result of a server with the number of processes that served most."""
    return max((result for result in cell["results"] if result["server"] == server), key=lambda result: result["rate"])


def compared(cell):
    """The best result of each server, patron's first."""
    return [best(cell, server) for server in COLORS]


def write(folder, result):
    folder.mkdir(parents=True, exist_ok=True)
    for cell in result["cells"]:
        patron, *others = compared(cell)
        cell["ratios"] = {other["server"]: round(patron["rate"] / other["rate"], 3) for other in others}
    (folder / "result.json").write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    machine = result["machine"]
    head = f"{machine['date']}, {machine['cores']} cores of {machine['cpu']}, {result['customers']} customers, " \
           f"medians of {result['rounds']} rounds of {result['seconds']} s, load average before {machine['load']:.1f}"
    programs = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    (folder / "result.md").write_text(f"{head}; {programs}\n\n" + "\n".join(table(result["cells"])) + "\n")
    (folder / "result.svg").write_text(chart(head, result["cells"]))
    print("\n" + "\n".join(table(result["cells"])))
    print(f"\n{folder}/result.json, result.md, result.svg")


def table(cells):
    yield "| | what | connections | " + " | ".join(COLORS) + " | " + " | ".join(f"patron / {name}, goal ≥ {goal:g}" for name, goal in GOALS.items()) + " |"
    yield "|---" * (3 + len(COLORS) + len(GOALS)) + "|"
    for cell in cells:
        figures = [figure(result) for result in compared(cell)]
        ratios = [f"{ratio:.1f}" if ratio >= GOALS[name] else f"**{ratio:.1f}**" for name, ratio in cell["ratios"].items()]
        yield f"| {cell['row']} | {cell['what']} | {cell['connections']} | " + " | ".join(figures + ratios) + " |"


def figure(result):
    processes = "" if result["processes"] == 1 else f", {result['processes']} processes"
    rate = f"{result['rate']:,.0f}".replace(",", " ")
    return f"{rate}/s, p99 {result['p99']:.1f} ms, {result['cpu']:.0f} µs of CPU{processes}"


def chart(head, cells):
    """Draws a group of bars per row and number of connections, as long as its requests per second of the fastest server."""
    width, bar, left, top = 900, 20, 330, 64
    group = bar * len(COLORS) + 18
    height = top + group * len(cells) + 10
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="13">',
             f'<rect width="{width}" height="{height}" fill="#fff"/>',
             '<text x="16" y="24" font-size="15" font-weight="bold">requests per second of patron and other servers, on the same database</text>',
             f'<text x="16" y="44" fill="#555" font-size="12">{escape(head)}</text>']
    for index, cell in enumerate(cells):
        results = compared(cell)
        scale = 400 / max(result["rate"] for result in results)
        y = top + index * group
        parts.append(f'<text x="16" y="{y + 15}">{escape(cell["what"])}</text>')
        parts.append(f'<text x="16" y="{y + 33}" fill="#555" font-size="12">{cell["connections"]} connections</text>')
        for number, result in enumerate(results):
            length, at = result["rate"] * scale, y + number * bar
            parts.append(f'<text x="{left - 8}" y="{at + 15}" text-anchor="end" font-size="12">{result["server"]}</text>')
            parts.append(f'<rect x="{left}" y="{at + 2}" width="{length:.1f}" height="{bar - 4}" rx="3" fill="{COLORS[result["server"]]}"/>')
            ratio = "" if result["server"] == "patron" else f"  (patron: {cell['ratios'][result['server']]:.1f} ×)"
            parts.append(f'<text x="{left + length + 8:.1f}" y="{at + 15}" font-size="12">{result["rate"]:,.0f}/s{ratio}</text>')
    return "\n".join(parts + ["</svg>"]) + "\n"
