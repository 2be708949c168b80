#ifndef TIJORI_TEXT_HTML_H
#define TIJORI_TEXT_HTML_H

/* What the pages of reports and statements share: they stand by themselves, without script or
 * anything from outside, readable in black and white, and print on A4. */

#include <stdio.h>

/* Colours are the reader's own: light or dark, and black on white in print. */
extern const char html_style[];

/* Untrusted text in an element or an attribute: markup escaped, control characters made visible. */
void html_print(FILE *out, const char *text);

#endif
