"""The KPIs of the slice computed from the CSV with pandas, without any of the models' SQL."""

import math
from pathlib import Path

import numpy as np
import pandas as pd

from infra.feed import slice as real_slice
from infra.local.settings import REPO_ROOT

SEEDS = REPO_ROOT / "dbt_project" / "seeds"
_STATES = {0: "in_service", 1: "lost", 3: "off"}


def events() -> pd.DataFrame:
    """One row per row of the CSV, with the dimensions that the marts speak of."""
    raw = pd.read_csv(real_slice.PATH, dtype=str, keep_default_na=False)
    variants = _mapping("brand_variants", "variant", "brand")
    hosts = _mapping("brands", "brand", "host_network")
    labels = set(_mapping("service_loss_labels", "label", "label"))
    network, operator = raw["network"].map(_name), raw["operator"].map(_name)
    frame = pd.DataFrame(index=raw.index)
    frame["is_label"] = network.isin(labels)
    frame["network"] = network.map(lambda name: variants.get(name, name)).mask(frame["is_label"], "no service")
    frame["operator"] = operator.map(lambda name: "unknown" if name in labels else variants.get(name, name))
    own_host = frame["network"].map(lambda name: hosts.get(name, name))
    frame["host"] = own_host.mask(frame["is_label"], frame["operator"].map(lambda name: hosts.get(name, name)))
    frame["area"] = raw["postal_code"].map(_area)
    frame["province"] = frame["area"].map(lambda code: code if code == "unknown" else code[:2])
    frame["provider"] = raw["provider"].str.lower().where(lambda name: name.isin(["gps", "fused", "network"]), "other")
    signal = pd.to_numeric(raw["signal"], errors="coerce")
    frame["asu"] = signal.where(signal.between(0, 97))
    precision = pd.to_numeric(raw["precission"], errors="coerce")
    frame["precision"] = precision.where((precision > 0) & (precision <= 10_000))
    frame["satellites"] = pd.to_numeric(raw["satellites"], errors="coerce")
    status = pd.to_numeric(raw["status"], errors="coerce")
    frame["state"] = [
        "lost" if is_label or (code == 2 and name == "unknown") else _STATES.get(code, "unknown")
        for is_label, code, name in zip(frame["is_label"], status, frame["network"], strict=True)
    ]
    return frame


def areas(frame: pd.DataFrame) -> list[tuple[str, str, pd.DataFrame]]:
    found = [("all", "all", frame)]
    found += [("province", str(code), group) for code, group in frame.groupby("province")]
    return found + [("municipality", str(code), group) for code, group in frame.groupby("area")]


def service(frame: pd.DataFrame) -> dict[str, float]:
    count = {state: int((frame["state"] == state).sum()) for state in ("in_service", "lost", "off", "unknown")}
    votes = count["in_service"] + count["lost"]
    low, high = wilson(count["lost"], votes)
    return {
        "n": len(frame),
        **{f"{state}_count": value for state, value in count.items()},
        "vote_n": votes,
        "lost_share": _ratio(count["lost"], votes),
        "lost_share_ci_low": low,
        "lost_share_ci_high": high,
        "availability_share": _ratio(count["in_service"], votes),
    }


def signal(frame: pd.DataFrame) -> dict[str, float]:
    asu = frame["asu"].dropna()
    weak = int((asu <= 5).sum())
    margin = 1.959963985 * asu.std(ddof=1) / math.sqrt(len(asu)) if len(asu) > 1 else math.nan
    low, high = wilson(weak, len(asu))
    return {
        "n": len(frame),
        "signal_n": len(asu),
        "signal_asu_mean": asu.mean(),
        "signal_asu_mean_ci_low": asu.mean() - margin,
        "signal_asu_mean_ci_high": asu.mean() + margin,
        "signal_asu_median": asu.median(),
        "signal_asu_p10": asu.quantile(0.1),
        "weak_signal_share": _ratio(weak, len(asu)),
        "weak_signal_share_ci_low": low,
        "weak_signal_share_ci_high": high,
    }


def gps(frame: pd.DataFrame) -> dict[str, float]:
    precision = frame["precision"].dropna()
    # The histogram holds whole metres, halves rounded up, clipped at 1,000.
    metres = np.floor(precision + 0.5).clip(upper=1000)
    fixes = frame.loc[(frame["provider"] == "gps") & frame["satellites"].notna(), "satellites"]
    within_10, within_50 = int((precision <= 10).sum()), int((precision <= 50).sum())
    return {
        "n": len(frame),
        "precision_n": len(precision),
        "precision_mean_m": precision.mean(),
        "precision_median_m": metres.median(),
        "precision_p95_m": metres.quantile(0.95),
        "within_10m_share": _ratio(within_10, len(precision)),
        "within_50m_share": _ratio(within_50, len(precision)),
        "within_50m_share_ci_low": wilson(within_50, len(precision))[0],
        "fix_n": len(fixes),
        "fix_quality_share": _ratio(int((fixes >= 4).sum()), len(fixes)),
    }


def wilson(k: int, n: int) -> tuple[float, float]:
    """Centre and half width, as in the textbooks."""
    if not n:
        return math.nan, math.nan
    z, p = 1.959963985, k / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return centre - half, centre + half


def _ratio(k: int, n: int) -> float:
    return k / n if n else math.nan


def _name(text: str) -> str:
    name = text.strip().lower()
    return "unknown" if name in ("", "null", "unknown", "nan") else name


def _area(text: str) -> str:
    digits = text.strip().split(".")[0]
    return digits.zfill(6) if digits.isdigit() and len(digits) in (5, 6) else "unknown"


def _mapping(seed: str, key: str, value: str) -> dict[str, str]:
    frame = pd.read_csv(Path(SEEDS) / f"{seed}.csv", dtype=str, keep_default_na=False)
    return dict(zip(frame[key], frame[value], strict=True))
