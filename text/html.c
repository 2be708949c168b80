#include "text/html.h"

#include "text/text.h"

const char html_style[] =
    ":root{color-scheme:light dark}\n"
    "body{font:11pt/1.45 sans-serif;max-width:56em;margin:2em auto;padding:0 1em;"
    "color:CanvasText;background:Canvas}\n"
    "h1{font-size:1.5em}\n"
    "h2{font-size:1.15em;border-bottom:1px solid;margin:1.8em 0 .6em}\n"
    "table{border-collapse:collapse;width:100%;margin:.6em 0;font-size:.92em}\n"
    "caption{text-align:left;font-weight:bold;padding:.3em 0}\n"
    "th,td{text-align:left;vertical-align:top;padding:.2em .6em .2em 0;overflow-wrap:anywhere}\n"
    "thead th{border-bottom:1px solid;overflow-wrap:normal}\n"
    "tbody th,.facts th{font-weight:normal}\n"
    "tfoot th,tfoot td{border-top:1px solid;font-weight:bold}\n"
    ".facts th{width:8.5em}\n"
    ".facts td{font-variant-numeric:tabular-nums}\n"
    "th.n,td.n{text-align:right;font-variant-numeric:tabular-nums;overflow-wrap:normal}\n"
    ".PASS,.FAIL,.SKIP,.NONE,.FINDING{overflow-wrap:normal}\n"
    ".FAIL,.INCOMPLETE,.FINDING{font-weight:bold}\n"
    ".FAIL{text-decoration:underline}\n"
    "@media print{\n"
    ":root{color-scheme:light}\n"
    "body{font-size:9pt;max-width:none;margin:0;padding:0;color:#000;background:#fff}\n"
    "h1,h2,caption{break-after:avoid}\n"
    "h2{margin-top:1.2em}\n"
    "tr,li{break-inside:avoid}\n"
    "thead{display:table-header-group}\n"
    "tfoot{display:table-row-group}\n"
    "}\n";

/* What a character is written as; NULL: as it is. */
static const char *entity_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    }
    return NULL;
}

void html_print(FILE *out, const char *text)
{
    char safe[4096];
    text_sanitise(safe, sizeof safe, text);
    for (const char *p = safe; *p != '\0'; p++) {
        const char *entity = entity_of(*p);
        if (entity != NULL) {
            fputs(entity, out);
        } else {
            fputc(*p, out);
        }
    }
}
