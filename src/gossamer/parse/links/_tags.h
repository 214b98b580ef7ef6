/* Finding the ends of tags, comments and texts by the rules of the WHATWG tokenizer (HTML section 13.2.5).
 *
 * Every function takes a position in a page of UTF-8 and returns a later one, or NULL if the page ends before what it looks
 * for. None reads a byte at or after `end`.
 */

#ifndef GOSSAMER_TAGS_H
#define GOSSAMER_TAGS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

typedef const char *Place;

static int is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f'; }
static int is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static int ends_name(char c) { return is_space(c) || c == '/' || c == '>'; }

/* Whether `length` characters from `at` equal `name` (lower case), ignoring case. */
static int is_name(Place at, Py_ssize_t length, const char *name)
{
    for (Py_ssize_t i = 0; i < length; i++) {
        char c = at[i] >= 'A' && at[i] <= 'Z' ? (char)(at[i] | 32) : at[i];
        if (!c || c != name[i])  /* a shorter `name` ends in 0, which equals no other character */
            return 0;
    }
    return name[length] == 0;
}

/* Return the position after the next `c`. */
static Place after(Place at, Place end, char c)
{
    Place found = at < end ? memchr(at, c, (size_t)(end - at)) : NULL;
    return found ? found + 1 : NULL;
}

/* Return the position after the ">" of the tag whose name ends at `at` (13.2.5.32 to 13.2.5.40), and whether it is self-closing. */
static Place after_start_tag(Place at, Place end, int *is_self_closing)
{
    enum { BEFORE_NAME, NAME, AFTER_NAME, BEFORE_VALUE, UNQUOTED } state = BEFORE_NAME;
    for (; at < end; at++) {
        char c = *at;
        if (c == '>') {
            *is_self_closing = state == BEFORE_NAME && at[-1] == '/';  /* the tag has a name before */
            return at + 1;
        }
        switch (state) {
        case BEFORE_NAME:
            if (!is_space(c) && c != '/')
                state = NAME;  /* even if it is "=" */
            break;
        case NAME:
        case AFTER_NAME:
            if (c == '=')
                state = BEFORE_VALUE;
            else if (c == '/')
                state = BEFORE_NAME;
            else
                state = is_space(c) ? AFTER_NAME : NAME;
            break;
        case BEFORE_VALUE:
            if (c == '"' || c == '\'') {
                at = memchr(at + 1, c, (size_t)(end - at - 1));
                if (!at)
                    return NULL;
                state = BEFORE_NAME;
            }
            else if (!is_space(c))
                state = UNQUOTED;
            break;
        case UNQUOTED:
            if (is_space(c))
                state = BEFORE_NAME;
            break;
        }
    }
    return NULL;
}

/* Return the position after the ">" of the tag whose name ends at `at`. */
static Place after_tag(Place at, Place end)
{
    int is_self_closing;
    return after_start_tag(at, end, &is_self_closing);
}

/* Return the position after the comment whose text begins at `at` (13.2.5.43 to 13.2.5.51). */
static Place after_comment(Place at, Place end)
{
    if (at < end && *at == '>')
        return at + 1;
    if (end - at >= 2 && at[0] == '-' && at[1] == '>')
        return at + 2;
    while ((at = after(at, end, '-'))) {
        if (at == end || *at != '-')
            continue;
        while (at < end && *at == '-')
            at++;
        if (at < end && *at == '>')
            return at + 1;
        if (end - at >= 2 && at[0] == '!' && at[1] == '>')
            return at + 2;
    }
    return NULL;
}

/* Return the position of the "<" of the next "</name" from `at` on. */
static Place end_tag(Place at, Place end, Place name, Py_ssize_t length)
{
    while (at < end && (at = memchr(at, '<', (size_t)(end - at)))) {
        if (end - at > length + 2 && at[1] == '/' && ends_name(at[2 + length])) {
            Py_ssize_t same = 0;
            while (same < length && (at[2 + same] | 32) == (name[same] | 32) && is_letter(at[2 + same]))
                same++;
            if (same == length)
                return at;
        }
        at++;
    }
    return NULL;
}

/* Whether a script may go on after its first end tag, because of a "<script" after a "<!--" (13.2.5.20 and later). */
static int is_double(Place at, Place end)
{
    int comment = 0;
    while (at < end && (at = memchr(at, '<', (size_t)(end - at)))) {
        if (end - at >= 4 && !memcmp(at, "<!--", 4))
            comment = 1;
        else if (comment && end - at >= 7 && is_name(at + 1, 6, "script"))
            return 1;
        at++;
    }
    return 0;
}

/* ---------------------------------------------------------------- svg
 *
 * An svg element is tame if it holds only elements that draw, by the rules of nesting.py: nothing in it ends it but its end
 * tag, nothing in it is HTML, and nothing in it is a link.
 */

enum SvgKind { SVG_WILD, SVG_DRAWS, SVG_USES, SVG_TEXT, SVG_ITSELF };  /* TEXT: it is tame if its content is text */

static enum SvgKind svg_kind(Place name, Py_ssize_t length)
{
    static const char *const DRAWING[] = {
        "animate", "animatemotion", "animatetransform", "circle", "clippath", "defs", "ellipse", "fecolormatrix", "fecomposite",
        "feflood", "fegaussianblur", "femerge", "femergenode", "feoffset", "filter", "g", "line", "lineargradient", "marker",
        "mask", "path", "pattern", "polygon", "polyline", "radialgradient", "rect", "set", "stop", "switch", "symbol", "text",
        "textpath", "tspan",
    };
    if (is_name(name, length, "svg"))
        return SVG_ITSELF;
    if (is_name(name, length, "use"))
        return SVG_USES;
    if (is_name(name, length, "title") || is_name(name, length, "desc"))
        return SVG_TEXT;
    for (size_t i = 0; i < sizeof DRAWING / sizeof *DRAWING; i++)
        if ((name[0] | 32) == DRAWING[i][0] && is_name(name, length, DRAWING[i]))
            return SVG_DRAWS;
    return SVG_WILD;
}

/* Whether only text follows from `at` up to the end tag of an element with this name. */
static int holds_text(Place at, Place end, Place name, Py_ssize_t length)
{
    Place next = at < end ? memchr(at, '<', (size_t)(end - at)) : NULL;
    return next && end_tag(next, end, name, length) == next;
}

#endif
