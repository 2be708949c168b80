#ifndef TIJORI_BENCH_PLOT_H
#define TIJORI_BENCH_PLOT_H

/* Line plots as SVG: axes with ticks, linear or logarithmic, a bar from least to most at a point.
 */

#include <stdbool.h>
#include <stddef.h>

enum { PLOT_POINTS_MAX = 32, PLOT_LINES_MAX = 6 };

struct plot_line {
    const char *name;
    size_t count;
    double x[PLOT_POINTS_MAX];
    double y[PLOT_POINTS_MAX];
    double low[PLOT_POINTS_MAX]; /* 0: no bar */
    double high[PLOT_POINTS_MAX];
};

/* A logarithmic axis takes values above 0 only; a linear one begins at 0. */
struct plot_axis {
    const char *label;
    bool logarithmic;
};

struct plot {
    const char *title;
    struct plot_axis x;
    struct plot_axis y;
    size_t count;
    struct plot_line lines[PLOT_LINES_MAX];
};

/* Writes the file; false with errno set. */
bool plot_write(const char *path, const struct plot *plot);

#endif
