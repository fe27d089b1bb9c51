"""Okabe and Ito's colours, which colour-blind people can tell apart; a word and a shape always say the same."""

BLUE, ORANGE, GREEN, VERMILION, PURPLE, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#8a8f98"
STATE_COLOURS = {
    "CONFIRMED": VERMILION,
    "SUSPECTED": ORANGE,
    "DEGRADED": PURPLE,
    "RECOVERING": BLUE,
    "INSUFFICIENT_DATA": GREY,
    "OK": GREY,
}
