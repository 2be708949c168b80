#include "bench/plot.h"

#include <math.h>
#include <stdio.h>

enum { WIDTH = 720, HEIGHT = 440, LEFT = 80, RIGHT = 24, TOP = 48, BOTTOM = 60, TICKS_MAX = 40 };

/* Dark enough for a white page, told apart without colour by their names at the line's end. */
static const char *const colours[PLOT_LINES_MAX] = {"#1f5fa8", "#b3541e", "#2e7d32",
                                                    "#7b3fa0", "#8a6d00", "#555555"};

/* Maps values to the page. */
struct scale {
    bool logarithmic;
    double low;
    double high;
    double from; /* page position of low */
    double to;
};

static double place(const struct scale *scale, double value)
{
    double part = scale->logarithmic ? log(value / scale->low) / log(scale->high / scale->low)
                                     : (value - scale->low) / (scale->high - scale->low);
    return scale->from + part * (scale->to - scale->from);
}

/* ---- ticks ---- */

struct ticks {
    size_t count;
    double at[TICKS_MAX];
};

static void add_tick(struct ticks *ticks, const struct scale *scale, double at)
{
    double slack = scale->high * 1e-9;
    if (at >= scale->low - slack && at <= scale->high + slack && ticks->count < TICKS_MAX) {
        ticks->at[ticks->count++] = at;
    }
}

/* 1, 2 and 5 of each decade, or the decades alone when there are many. */
static void log_ticks(const struct scale *scale, struct ticks *ticks)
{
    static const double steps[] = {1, 2, 5};
    double decades = log10(scale->high / scale->low);
    for (int e = (int)floor(log10(scale->low)); e <= (int)ceil(log10(scale->high)); e++) {
        for (size_t i = 0; i < (decades > 3.2 ? 1u : 3u); i++) {
            add_tick(ticks, scale, steps[i] * pow(10, e));
        }
    }
}

/* 1, 2 or 5 times a power of ten, so that there are 4 to 10 of them. */
static double linear_step(double span)
{
    double step = pow(10, floor(log10(span / 4)));
    return span / step >= 20 ? step * 5 : span / step >= 10 ? step * 2 : step;
}

static void linear_ticks(const struct scale *scale, struct ticks *ticks)
{
    double step = linear_step(scale->high - scale->low);
    for (double at = scale->low; at <= scale->high * (1 + 1e-9); at += step) {
        add_tick(ticks, scale, at);
    }
}

static void tick_label(char *out, size_t size, double value)
{
    if (value >= 1e6) {
        snprintf(out, size, "%g M", value / 1e6);
    } else if (value >= 1e4) {
        snprintf(out, size, "%g k", value / 1e3);
    } else {
        snprintf(out, size, "%g", value);
    }
}

/* ---- ranges ---- */

static void widen(double value, double *low, double *high)
{
    *low = value < *low ? value : *low;
    *high = value > *high ? value : *high;
}

static struct scale scale_of(const struct plot_axis *axis, double low, double high, double from,
                             double to)
{
    struct scale scale = {axis->logarithmic, low, high, from, to};
    if (axis->logarithmic) {
        scale.low = low / 1.2;
        scale.high = high * 1.2;
    } else {
        double step = linear_step(high);
        scale.low = 0;
        scale.high = ceil(high / step) * step;
    }
    return scale;
}

static void find_scales(const struct plot *plot, struct scale *x, struct scale *y)
{
    double x_low = HUGE_VAL, x_high = 0, y_low = HUGE_VAL, y_high = 0;
    for (size_t l = 0; l < plot->count; l++) {
        const struct plot_line *line = &plot->lines[l];
        for (size_t i = 0; i < line->count; i++) {
            widen(line->x[i], &x_low, &x_high);
            widen(line->y[i], &y_low, &y_high);
            if (line->low[i] > 0) {
                widen(line->low[i], &y_low, &y_high);
                widen(line->high[i], &y_low, &y_high);
            }
        }
    }
    *x = scale_of(&plot->x, x_low, x_high, LEFT, WIDTH - RIGHT);
    *y = scale_of(&plot->y, y_low, y_high, HEIGHT - BOTTOM, TOP);
}

/* ---- drawing ---- */

static void draw_line(FILE *out, double x1, double y1, double x2, double y2, const char *colour)
{
    fprintf(out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>\n", x1, y1,
            x2, y2, colour);
}

static void draw_text(FILE *out, double x, double y, const char *anchor, const char *more,
                      const char *text)
{
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s>%s</text>\n", x, y, anchor, more,
            text);
}

static void draw_axes(FILE *out, const struct plot *plot, const struct scale *x,
                      const struct scale *y)
{
    struct ticks ticks = {0};
    char label[32];
    (x->logarithmic ? log_ticks : linear_ticks)(x, &ticks);
    for (size_t i = 0; i < ticks.count; i++) {
        double at = place(x, ticks.at[i]);
        draw_line(out, at, y->from, at, y->to, "#e4e4e4");
        tick_label(label, sizeof label, ticks.at[i]);
        draw_text(out, at, y->from + 18, "middle", "", label);
    }
    ticks.count = 0;
    (y->logarithmic ? log_ticks : linear_ticks)(y, &ticks);
    for (size_t i = 0; i < ticks.count; i++) {
        double at = place(y, ticks.at[i]);
        draw_line(out, x->from, at, x->to, at, "#e4e4e4");
        tick_label(label, sizeof label, ticks.at[i]);
        draw_text(out, x->from - 8, at + 4, "end", "", label);
    }
    draw_line(out, x->from, y->from, x->to, y->from, "#333333");
    draw_line(out, x->from, y->from, x->from, y->to, "#333333");
    draw_text(out, (x->from + x->to) / 2, HEIGHT - 16, "middle", "", plot->x.label);
    draw_text(out, -(y->from + y->to) / 2, 20, "middle", " transform=\"rotate(-90)\"",
              plot->y.label);
    draw_text(out, (x->from + x->to) / 2, 26, "middle", " font-weight=\"bold\"", plot->title);
}

static void draw_points(FILE *out, const struct plot_line *line, const struct scale *x,
                        const struct scale *y, const char *colour)
{
    fprintf(out, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"", colour);
    for (size_t i = 0; i < line->count; i++) {
        fprintf(out, "%.1f,%.1f ", place(x, line->x[i]), place(y, line->y[i]));
    }
    fprintf(out, "\"/>\n");
    for (size_t i = 0; i < line->count; i++) {
        double at = place(x, line->x[i]);
        if (line->low[i] > 0) {
            draw_line(out, at, place(y, line->low[i]), at, place(y, line->high[i]), colour);
        }
        fprintf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"%s\"/>\n", at,
                place(y, line->y[i]), colour);
    }
}

/* The names stand in the corner, in the lines' order; a single line needs none. */
static void draw_names(FILE *out, const struct plot *plot)
{
    for (size_t l = 0; plot->count > 1 && l < plot->count; l++) {
        double y = TOP + 16 + 18 * (double)l;
        draw_line(out, LEFT + 14, y - 4, LEFT + 38, y - 4, colours[l]);
        draw_text(out, LEFT + 44, y, "start", "", plot->lines[l].name);
    }
}

bool plot_write(const char *path, const struct plot *plot)
{
    struct scale x;
    struct scale y;
    FILE *out = fopen(path, "we");
    if (out == NULL) {
        return false;
    }
    find_scales(plot, &x, &y);
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
            "height=\"%d\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#222222\">\n"
            "<title>%s</title>\n<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n",
            WIDTH, HEIGHT, WIDTH, HEIGHT, plot->title, WIDTH, HEIGHT);
    draw_axes(out, plot, &x, &y);
    for (size_t l = 0; l < plot->count; l++) {
        draw_points(out, &plot->lines[l], &x, &y, colours[l]);
    }
    draw_names(out, plot);
    fprintf(out, "</svg>\n");
    bool written = ferror(out) == 0;
    return fclose(out) == 0 && written;
}
