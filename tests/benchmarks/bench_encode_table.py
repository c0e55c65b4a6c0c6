"""What the rounds of bench_encode amount to: one row a contender, and a table for the eye."""

from __future__ import annotations

from statistics import median
from typing import Any

REFERENCE = "sentence-transformers encode(128)"
# Whose matrix product a contender is held against: that of one thread, or of all.
_ONE = "ours, 1 thread"
# Who is in every run, since the rest is told relative to them.
NEEDED = (REFERENCE, "ours", _ONE)


def _rate(cost: dict[str, float]) -> float:
    """Necessary GFLOP a second; padding counts for nothing."""
    return cost["gflop"] / cost["seconds"]


def _by_processor(cost: dict[str, float]) -> float:
    return cost["gflop"] / cost["processor_seconds"]


def _mib(amount: float | None) -> str:
    return "not measured" if amount is None else f"{amount:,.0f} MiB"


def peak_of(result: dict[str, Any]) -> float:
    """The fastest matrix product of one thread that the run saw, GFLOP/s."""
    return max(float(one["products"][_ONE][0]) for one in result["rounds"])


def rows(result: dict[str, Any], threads: int) -> list[dict[str, Any]]:
    """One row a contender, from all rounds so far.

    Rates are of all rounds together. `ratio` is the median over rounds of its rate over the reference's in the same
    round, `ratio_processor` the same in processor seconds, which other work on the machine disturbs less. `peak` is the
    fastest single matrix product of one thread in the run: `share_of_peak` is the necessary arithmetic of a processor
    second against that, `share_of_lasting` against what one thread's products of the model's own shapes kept up for a
    second (the median round), `share_of_wall_peak` the arithmetic of a second against one such product a thread.
    """
    rounds = result["rounds"]
    a_text = sum(one["gflop"] for one in rounds) / sum(one["texts"] for one in rounds)
    a_token = sum(one["gflop"] for one in rounds) / sum(one["tokens"] for one in rounds)
    peak, lasting, found = peak_of(result), median(one["products"][_ONE][1] for one in rounds), []
    for name in rounds[0]["costs"]:
        costs = [one["costs"][name] for one in rounds]
        rate = sum(cost["gflop"] for cost in costs) / sum(cost["seconds"] for cost in costs)
        ratios = [_rate(one["costs"][name]) / _rate(one["costs"][REFERENCE]) for one in rounds]
        by_processor = [_by_processor(one["costs"][name]) / _by_processor(one["costs"][REFERENCE]) for one in rounds]
        used = 1 if name == _ONE else threads
        busy = sum(cost["gflop"] for cost in costs) / sum(cost["processor_seconds"] for cost in costs)
        found.append(
            {
                "contender": name,
                "texts": sum(cost["texts"] for cost in costs),
                "texts_a_second": rate / a_text,
                "tokens_a_second": rate / a_token,
                "ratio": median(ratios),
                "ratios": ratios,
                "ratio_processor": median(by_processor),
                "share_of_peak": busy / peak,
                "share_of_lasting": busy / lasting,
                "share_of_wall_peak": rate / (used * peak),
                "processors": sum(cost["processor_seconds"] for cost in costs) / sum(cost["seconds"] for cost in costs),
                "largest_difference": max(cost["largest_difference"] for cost in costs),
                "smallest_cosine": min(cost["smallest_cosine"] for cost in costs),
                "memory_mib": max((cost["memory_mib"] for cost in costs if "memory_mib" in cost), default=None),
                "start_s": result["start_s"][name],
            }
        )
    return found


def _scaling(result: dict[str, Any]) -> str:
    """How much faster ours is with all processors than with one, in the same rounds: threads, then processes."""
    parts = []
    for name, words in (("ours", "threads of one process"), ("ours, one thread a process", "processes of one thread")):
        pairs = [(one["costs"][name], one["costs"][_ONE]) for one in result["rounds"] if name in one["costs"]]
        gains = [_rate(all_of_them) / _rate(alone) for all_of_them, alone in pairs]
        worth = [_by_processor(all_of_them) / _by_processor(alone) for all_of_them, alone in pairs]
        if pairs:
            parts.append(
                f"{words} {median(gains):.2f} ({min(gains):.2f}-{max(gains):.2f}), a processor second of theirs "
                f"is worth {median(worth):.2f} of one alone"
            )
    return "all processors against one: " + "; ".join(parts)


def table(name: str, result: dict[str, Any], threads: int) -> str:
    """A model's results in Markdown."""
    rounds = result["rounds"]
    texts = sum(one["texts"] for one in rounds)
    lasting = median(one["products"][_ONE][1] for one in rounds)
    lines = [
        f"\n**{name}**: {texts} texts of {sum(one['tokens'] for one in rounds) / texts:.0f} tokens on average "
        f"({100 * sum(one['cut'] for one in rounds) / texts:.0f}% at the limit) in {len(rounds)} rounds, "
        f"{sum(one['gflop'] for one in rounds) / texts:.2f} GFLOP a text; one thread's matrix product "
        f"{peak_of(result):.0f} GFLOP/s at best, {lasting:.0f} for a second; {_scaling(result)}\n",
        "| | texts/s | tokens/s | ratio | by processor time | of peak | of lasting | largest difference | memory "
        "| start |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for one in rows(result, threads):
        lines.append(
            f"| {one['contender']} | {one['texts_a_second']:.1f} | {one['tokens_a_second']:,.0f} | {one['ratio']:.2f} "
            f"({min(one['ratios']):.2f}-{max(one['ratios']):.2f}) | {one['ratio_processor']:.2f} "
            f"| {100 * one['share_of_peak']:.0f}% "
            f"| {100 * one['share_of_lasting']:.0f}% | {one['largest_difference']:.0e} | {_mib(one['memory_mib'])} "
            f"| {one['start_s']:.1f} s |"
        )
    lines += [f"| {absent} | absent: {why} | | | | | | | | |" for absent, why in result["absent"].items()]
    return "\n".join(lines)
