"""Small public equations: dollars per million tokens, bills, utilisation and what a published figure implies.

The ledger builds options from these; `tco check` audits claims with them. All take floats or arrays.
"""

from __future__ import annotations

from tco.units import J_PER_KWH, S_PER_H, S_PER_MONTH, TOK_PER_MTOK, W_PER_KW, Num


def usd_per_mtok(*, rental_usd_per_h: Num, output_tok_per_s: Num) -> Num:
    """Cost of a million output tokens on rented hardware: r / (3600 g) * 1e6, for g > 0.

    At a utilisation below 1, pass the mean throughput: the rent is due whether or not tokens flow.
    """
    return rental_usd_per_h / (output_tok_per_s * S_PER_H) * TOK_PER_MTOK


def tok_per_s_for_usd_per_mtok(*, rental_usd_per_h: Num, target_usd_per_mtok: Num) -> Num:
    """Throughput at which rented hardware meets a price: 1e6 r / (3600 p), for p > 0; inverse of `usd_per_mtok`."""
    return rental_usd_per_h / (target_usd_per_mtok * S_PER_H) * TOK_PER_MTOK


def monthly_rental_usd(*, usd_per_h: Num, billed_h: Num, n_units: Num = 1.0) -> Num:
    """Bill of an hourly rental: rate x billed hours x units of what the rate is for (a GPU, or a whole node).

    Always-on bills the whole month; only scale-to-zero bills the busy hours. Economics section 2.
    """
    return usd_per_h * billed_h * n_units


def blended_usd_per_mtok(*, input_usd_per_mtok: Num, output_usd_per_mtok: Num, input_frac: Num) -> Num:
    """Price of a mean token at the workload's own mix: s p_in + (1 - s) p_out, s = input / (input + output)."""
    return input_frac * input_usd_per_mtok + (1.0 - input_frac) * output_usd_per_mtok


def token_bill_usd(*, tok: Num, usd_per_mtok: Num) -> Num:
    """Bill of one kind of token: n p / 1e6. A bill adds its kinds; a cache discount touches input only."""
    return tok * usd_per_mtok / TOK_PER_MTOK


def cached_input_usd_per_mtok(*, input_usd_per_mtok: Num, cached_frac: Num, cache_discount_frac: Num) -> Num:
    """Mean input price when a share of the input is read from cache: p (1 - h d), for h and d in 0..1."""
    return input_usd_per_mtok * (1.0 - cached_frac * cache_discount_frac)


def energy_usd(*, mean_w: Num, hours: Num, usd_per_kwh: Num, pue_ratio: Num) -> Num:
    """Electricity of a mean draw at the machine: P / 1000 x hours x PUE x tariff, for PUE >= 1."""
    return mean_w / W_PER_KW * hours * pue_ratio * usd_per_kwh


def joule_usd_per_mtok(*, joule_per_tok: Num, usd_per_kwh: Num) -> Num:
    """Electricity per million tokens from energy per token: 1e6 e / 3.6e6 x tariff; e = watts / (tokens/s)."""
    return joule_per_tok * TOK_PER_MTOK / J_PER_KWH * usd_per_kwh


def capital_usd_per_mtok(*, capital_usd_per_month: Num, output_tok_per_s: Num, utilisation_frac: Num) -> Num:
    """Capital per million tokens: c / (g u 2.628e6) x 1e6, for throughput and utilisation > 0."""
    return capital_usd_per_month / (output_tok_per_s * utilisation_frac * S_PER_MONTH) * TOK_PER_MTOK


def utilisation_frac_for(
    *, full_capital_usd_per_mtok: Num, target_usd_per_mtok: Num, marginal_usd_per_mtok: Num
) -> Num:
    """Utilisation at which capital plus marginal cost meets a price: k / (p - e), k the capital at full use.

    For p > e. Above 1 the machine cannot serve enough tokens.
    """
    return full_capital_usd_per_mtok / (target_usd_per_mtok - marginal_usd_per_mtok)


def utilisation_frac(*, tok_per_month: Num, output_tok_per_s: Num) -> Num:
    """Share of a machine's month that a volume takes: n / (g x 2.628e6), for g > 0."""
    return tok_per_month / (output_tok_per_s * S_PER_MONTH)


def implied_gpu_s_per_mtok(*, claimed_usd_per_mtok: Num, gpu_usd_per_h: Num) -> Num:
    """GPU time that a claimed price buys for a million tokens: 3600 p / r, for r > 0."""
    return claimed_usd_per_mtok / gpu_usd_per_h * S_PER_H


def implied_mfu_frac(*, claimed_usd_per_mtok: Num, gpu_usd_per_h: Num, flop_per_tok: Num, peak_flop_per_s: Num) -> Num:
    """Model FLOP utilisation behind a claimed price: 1e6 F / peak over the GPU time the price buys.

    F = 2 x active parameters per token. Above 1 the claim is impossible on that GPU at that rent.
    Source: Chowdhery et al. 2022, arXiv:2204.02311, appendix B (MFU).
    """
    gpu_s = implied_gpu_s_per_mtok(claimed_usd_per_mtok=claimed_usd_per_mtok, gpu_usd_per_h=gpu_usd_per_h)
    return flop_per_tok * TOK_PER_MTOK / peak_flop_per_s / gpu_s


def markup_frac(*, revenue_usd: Num, cost_usd: Num) -> Num:
    """Profit over cost: (R - C) / C, for C > 0. Not the margin."""
    return (revenue_usd - cost_usd) / cost_usd


def margin_frac(*, revenue_usd: Num, cost_usd: Num) -> Num:
    """Profit over revenue: (R - C) / R, for R > 0. Not the mark-up."""
    return (revenue_usd - cost_usd) / revenue_usd


def escalated_usd_per_request(*, own_usd_per_request: Num, escalated_frac: Num, next_usd_per_request: Num) -> Num:
    """Cost of a request when a share goes on to the next tier after failing here: c + e p, for e in 0..1."""
    return own_usd_per_request + escalated_frac * next_usd_per_request
