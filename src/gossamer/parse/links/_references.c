/* Find what may point somewhere in an HTML page: native code for parse/references/quick.py.
 *
 * One pass over UTF-8, like that of _links.c. It yields plain links with their text, the tags that may mean more, and the ids
 * of all elements; what they mean is told in Python. Of a link whose text is not plain it yields the markup of the text.
 */

#include "_tags.h"

enum Kind { DULL, INLINE, LINK, TELLING, WILD, SVG, TEXT, TELLING_TEXT, FRAME, SCRIPT };

/* Kinds of elements, by their first letter. INLINE: a tag in a link that changes nothing of its text. The content is text from
 * TEXT on; of FRAME and SCRIPT only the start tag is told. */
#define E(name, kind) {name, sizeof name - 1, kind}
static const struct { const char *name; Py_ssize_t length; enum Kind kind; } ELEMENTS[26][12] = {
    ['a' - 'a'] = {E("a", LINK), E("abbr", INLINE), E("area", TELLING), E("audio", TELLING)},
    ['b' - 'a'] = {E("b", INLINE), E("base", TELLING), E("bdi", INLINE), E("big", INLINE), E("button", TELLING)},
    ['c' - 'a'] = {E("code", INLINE), E("cite", INLINE)},
    ['d' - 'a'] = {E("del", INLINE), E("dfn", INLINE)},
    ['e' - 'a'] = {E("em", INLINE), E("embed", TELLING)},
    ['f' - 'a'] = {E("font", INLINE), E("form", TELLING), E("frameset", WILD)},
    ['h' - 'a'] = {E("h1", TELLING), E("html", TELLING)},
    ['i' - 'a'] = {E("i", INLINE), E("img", TELLING), E("iframe", FRAME), E("image", TELLING), E("input", TELLING),
        E("ins", INLINE)},
    ['k' - 'a'] = {E("kbd", INLINE)},
    ['l' - 'a'] = {E("link", TELLING)},
    ['m' - 'a'] = {E("meta", TELLING), E("mark", INLINE), E("math", WILD)},
    ['n' - 'a'] = {E("noembed", TEXT), E("noframes", TEXT)},
    ['o' - 'a'] = {E("object", TELLING)},
    ['p' - 'a'] = {E("picture", TELLING), E("plaintext", WILD)},
    ['q' - 'a'] = {E("q", INLINE)},
    ['s' - 'a'] = {E("span", INLINE), E("script", SCRIPT), E("strong", INLINE), E("s", INLINE), E("samp", INLINE),
        E("small", INLINE), E("source", TELLING), E("style", TELLING_TEXT), E("sub", INLINE), E("sup", INLINE),
        E("svg", SVG)},
    ['t' - 'a'] = {E("template", WILD), E("textarea", TEXT), E("time", INLINE), E("title", TELLING_TEXT),
        E("track", TELLING), E("tt", INLINE)},
    ['u' - 'a'] = {E("u", INLINE)},
    ['v' - 'a'] = {E("var", INLINE), E("video", TELLING)},
    ['w' - 'a'] = {E("wbr", INLINE)},
    ['x' - 'a'] = {E("xmp", TEXT)},
};

#define MAX_ITEMS 100000  /* a page with more is read in Python, which keeps as many */
#define MAX_TEXT 400      /* bytes of the text of a plain link; a longer one is shortened in Python */

static enum Kind kind_of(Place name, Py_ssize_t length)
{
    int letter = (name[0] | 32) - 'a';
    for (int i = 0; ELEMENTS[letter][i].name; i++)  /* {NULL} ends each row */
        if (ELEMENTS[letter][i].length == length && is_name(name, length, ELEMENTS[letter][i].name))
            return ELEMENTS[letter][i].kind;
    return DULL;
}

typedef struct { Place at, end; } Span;  /* `at` is NULL where there is none */

/* The attributes of a tag that matter; the first of a name counts. */
typedef struct {
    Span id, name, href, xlink;
    int rel, label, src;  /* whether these are there; a label is a name for the element: aria-label or title */
    int telling;          /* whether any element may point somewhere by one of its attributes */
    int is_self_closing;
} Attributes;

static void keep_first(Span *kept, Span value)
{
    if (!kept->at)
        *kept = value;
}

static void note_attribute(Attributes *found, Place name, Py_ssize_t length, Span value)
{
    switch (length) {
    case 2:
        if (is_name(name, 2, "id"))
            keep_first(&found->id, value);
        break;
    case 3:
        found->rel |= is_name(name, 3, "rel");
        found->src |= is_name(name, 3, "src");
        break;
    case 4:
        if (is_name(name, 4, "href"))
            keep_first(&found->href, value);
        else if (is_name(name, 4, "name"))
            keep_first(&found->name, value);
        break;
    case 5:
        found->label |= is_name(name, 5, "title");
        if (is_name(name, 5, "style"))
            for (Place c = value.at; c < value.end; c++)
                found->telling |= *c == '(' || *c == '\\' || *c == '&';
        break;
    case 10:
        found->label |= is_name(name, 10, "aria-label");
        found->telling |= is_name(name, 10, "background");
        if (is_name(name, 10, "xlink:href"))
            keep_first(&found->xlink, value);
        break;
    }
}

/* Read the attributes of the tag whose name ends at `at`; return the position after its ">" (13.2.5.32 to 13.2.5.40). */
static Place read_attributes(Place at, Place end, Attributes *found)
{
    memset(found, 0, sizeof *found);
    for (;;) {
        Place from = at;
        while (at < end && (is_space(*at) || *at == '/'))
            at++;
        if (at == end)
            return NULL;
        if (*at == '>') {
            found->is_self_closing = at > from && at[-1] == '/';
            return at + 1;
        }
        Place name = at++;  /* even if it is "=" */
        while (at < end && !ends_name(*at) && *at != '=')
            at++;
        Py_ssize_t length = at - name;
        while (at < end && is_space(*at))
            at++;
        Span value = {name, name};
        if (at < end && *at == '=') {
            do
                at++;
            while (at < end && is_space(*at));
            if (at == end)
                return NULL;
            if (*at == '"' || *at == '\'') {
                value.at = at + 1;
                value.end = memchr(at + 1, *at, (size_t)(end - at - 1));
                if (!value.end)
                    return NULL;
                at = value.end + 1;
            }
            else {
                value.at = at;
                while (at < end && !is_space(*at) && *at != '>')
                    at++;
                value.end = at;
            }
        }
        note_attribute(found, name, length, value);
    }
}

/* What is found, and the link that is open. */
typedef struct {
    PyObject *items, *anchors;
    PyObject *seen;       /* the plain links so far: address, fragment and text */
    int svg;              /* the number of open svg elements */
    Place counted;        /* up to where line ends are counted */
    long line;
    Py_ssize_t link;      /* the place of the open link among the items; -1: there is none */
    long link_line;
    Span tag, href;       /* its start tag, and its address where the tag says nothing else */
    int label;            /* whether its tag has a name for it */
    Place content;        /* where its content begins */
    Place rest;           /* where the text begins that is not in `text` */
    int plain;            /* whether `text` is all its text so far */
    size_t length;
    char text[MAX_TEXT];
} Finder;

/* Return the line of a position that is not before the last one. */
static long line_at(Finder *finder, Place at)
{
    Place from = finder->counted;
    finder->counted = at;
    for (Place c = from; c < at && (c = memchr(c, '\n', (size_t)(at - c))); c++)
        finder->line++;
    for (Place c = from; c < at && (c = memchr(c, '\r', (size_t)(at - c))); c++)
        finder->line += c[1] != '\n';  /* there is a character: `at` is one */
    return finder->line;
}

static PyObject *none(void)
{
    Py_INCREF(Py_None);
    return Py_None;
}

/* Put an item at a place among the others (-1: the end), and take over its parts; a plain link has no text of its own. Return
 * -1 on error. */
static int put(Finder *finder, PyObject *head, PyObject *text, long line, Py_ssize_t place)
{
    PyObject *number = PyLong_FromLong(line);
    PyObject *item = head && text && number ? PyTuple_Pack(3, head, text, number) : NULL;
    Py_XDECREF(head);
    Py_XDECREF(text);
    Py_XDECREF(number);
    if (!item)
        return -1;
    if (place >= 0)
        return PyList_SetItem(finder->items, place, item);
    int failed = PyList_Append(finder->items, item);
    Py_DECREF(item);
    return failed;
}

static int put_tag(Finder *finder, Place start, Place end)
{
    return put(finder, PyBytes_FromStringAndSize(start, end - start), none(), line_at(finder, start), -1);
}

/* Add an id or a name, if it has a value. What must be decoded makes its tag a telling one. Return -1 on error. */
static int add_anchor(Finder *finder, Span value, Attributes *found)
{
    if (value.at == value.end)
        return 0;
    for (Place c = value.at; c < value.end; c++)
        if (*c == '&' || *c == '\r' || *c == 0) {
            found->telling = 1;
            return 0;
        }
    PyObject *name = PyUnicode_DecodeUTF8(value.at, value.end - value.at, "surrogatepass");
    int failed = name ? PyDict_SetItem(finder->anchors, name, Py_None) : -1;
    Py_XDECREF(name);
    return failed;
}

/* ---------------------------------------------------------------- the text of links */

/* Take the text between the last tag of the open link and `end`. */
static void take_text(Finder *finder, Place end)
{
    if (finder->link < 0 || !finder->plain)
        return;
    size_t length = (size_t)(end - finder->rest);
    if (finder->length + length > MAX_TEXT) {
        finder->plain = 0;
        return;
    }
    for (Place c = finder->rest; c < end; c++) {
        finder->plain &= *c != '&' && *c != '\r' && *c;
        finder->text[finder->length++] = *c;
    }
}

/* Whether Python splits words at an ASCII character. */
static int is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f); }

/* Return the text of the open link, collapsed if it is ASCII. */
static PyObject *link_text(Finder *finder)
{
    char *text = finder->text;
    size_t length = 0;
    for (size_t i = 0; i < finder->length; i++)
        if ((unsigned char)text[i] >= 0x80)
            return PyUnicode_DecodeUTF8(text, (Py_ssize_t)finder->length, "surrogatepass");
    for (size_t i = 0; i < finder->length; i++)
        if (!is_blank(text[i]))
            text[length++] = text[i];
        else if (length && text[length - 1] != ' ')
            text[length++] = ' ';
    if (length && text[length - 1] == ' ')
        length--;
    finder->length = length;
    return PyUnicode_DecodeASCII(text, (Py_ssize_t)length, NULL);
}

/* Return the plain link to an address, with its fragment and text, whose references it takes over. */
static PyObject *plain_link(PyObject *address, PyObject *fragment, PyObject *text)
{
    PyObject *link = address && fragment && text ? PyTuple_Pack(3, address, fragment, text) : NULL;
    Py_XDECREF(address);
    Py_XDECREF(fragment);
    Py_XDECREF(text);
    return link;
}

/* End the open link, if there is one, before `end`. */
static int close_link(Finder *finder, Place end)
{
    if (finder->link < 0)
        return 0;
    PyObject *text = finder->plain ? link_text(finder) : PyBytes_FromStringAndSize(finder->content, end - finder->content);
    Py_ssize_t place = finder->link;
    finder->link = -1;
    Span tag = finder->tag, href = finder->href;
    if (!href.at || (finder->label && !(finder->plain && finder->length)))
        return put(finder, PyBytes_FromStringAndSize(tag.at, tag.end - tag.at), text, finder->link_line, place);
    Place mark = memchr(href.at, '#', (size_t)(href.end - href.at));
    Place last = mark ? mark : href.end;
    PyObject *link = plain_link(PyUnicode_DecodeASCII(href.at, last - href.at, NULL),
                                mark ? PyUnicode_DecodeASCII(mark + 1, href.end - mark - 1, NULL) : none(), text);
    Py_ssize_t before = PyDict_Size(finder->seen);
    if (!link || PyDict_SetItem(finder->seen, link, Py_None) < 0) {
        Py_XDECREF(link);
        return -1;
    }
    if (PyDict_Size(finder->seen) == before && place == PyList_GET_SIZE(finder->items) - 1) {  /* it came before */
        Py_DECREF(link);
        return PyList_SetSlice(finder->items, place, place + 1, NULL);
    }
    return put(finder, link, none(), finder->link_line, place);
}

/* Begin a link with a start tag. Return -1 on error. */
static int open_link(Finder *finder, Span tag, Attributes *found)
{
    if (add_anchor(finder, found->name, found) < 0)
        return -1;
    if (!found->href.at)
        return found->telling ? put_tag(finder, tag.at, tag.end) : 0;
    Span href = found->href;
    while (href.at < href.end && is_space(*href.at))
        href.at++;
    while (href.at < href.end && is_space(href.end[-1]))
        href.end--;
    int plain = !found->rel && !found->telling;
    for (Place c = href.at; plain && c < href.end; c++)
        plain = *c != '&' && *c != '\r' && *c && (unsigned char)*c < 0x80;
    finder->link = PyList_GET_SIZE(finder->items);
    finder->link_line = line_at(finder, tag.at);
    finder->tag = tag;
    finder->href = plain ? href : (Span){NULL, NULL};
    finder->label = found->label;
    finder->content = tag.end;
    finder->plain = 1;
    finder->length = 0;
    return PyList_Append(finder->items, Py_None);
}

/* ---------------------------------------------------------------- the page */

/* Whether a start tag inside svg is that of an element which is tame, and points nowhere by itself. */
static int is_tame(Place name, Py_ssize_t length, Place closed, Place end, const Attributes *found)
{
    Span href = found->href.at ? found->href : found->xlink;
    while (href.at < href.end && is_space(*href.at))
        href.at++;
    switch (svg_kind(name, length)) {
    case SVG_ITSELF:
        return !found->telling;  /* in Python there are other rules for these names */
    case SVG_TEXT:
        return !found->telling && holds_text(closed, end, name, length);
    case SVG_USES:
        return href.at == href.end || *href.at == '#';
    case SVG_DRAWS:
        return 1;
    default:
        return 0;
    }
}

/* Read the start tag whose name begins at `at`. Return the position after it, and after its text; NULL where the page ends, or
 * else `*done` is 0 or -1 as in `gather`. */
static Place read_start(Finder *finder, Place at, Place end, int *done)
{
    Place start = at - 1, name = at;
    while (at < end && !ends_name(*at))
        at++;
    Py_ssize_t length = at - name;
    Attributes found;
    Place closed = read_attributes(at, end, &found);
    if (!closed)
        return NULL;
    enum Kind kind = kind_of(name, length);
    Span tag = {start, closed};
    *done = kind == WILD ? 0 : add_anchor(finder, found.id, &found) < 0 ? -1 : 1;
    if (*done > 0 && (kind == SVG || finder->svg)) {
        if (!is_tame(name, length, closed, end, &found))
            *done = 0;
        else if (found.telling && put_tag(finder, start, closed) < 0)
            *done = -1;
        finder->svg += kind == SVG && !found.is_self_closing;
        return *done > 0 ? closed : NULL;
    }
    if (*done > 0 && kind == LINK && (close_link(finder, start) < 0 || open_link(finder, tag, &found) < 0))
        *done = -1;
    if (*done <= 0 || kind == LINK)
        return *done > 0 ? closed : NULL;
    finder->plain &= kind == INLINE;
    Place told_to = closed;
    if (kind >= TEXT) {
        Place text = closed, last = end_tag(text, end, name, length);
        closed = last && !(kind == SCRIPT && is_double(text, last)) ? after_tag(last + 2 + length, end) : NULL;
        if (!closed) {
            *done = 0;
            return NULL;
        }
        if (kind == TELLING_TEXT)
            told_to = closed;
    }
    int tells = kind == TELLING || kind == TELLING_TEXT || ((kind == FRAME || kind == SCRIPT) && found.src);
    if ((tells || found.telling) && put_tag(finder, start, told_to) < 0)
        *done = -1;
    return *done > 0 ? closed : NULL;
}

/* Read the end tag whose name begins at `at`. Return the position after it; NULL where the page ends, or else `*done` is 0 or
 * -1. */
static Place read_end(Finder *finder, Place at, Place end, int *done)
{
    Place start = at - 2, name = at;
    while (at < end && !ends_name(*at))
        at++;
    enum Kind kind = kind_of(name, at - name);
    if (finder->svg && svg_kind(name, at - name) == SVG_WILD) {
        *done = 0;
        return NULL;
    }
    at = after_tag(at, end);
    if (!at)
        return NULL;
    if (finder->svg) {
        finder->svg -= kind == SVG;
        return at;
    }
    if (kind == LINK && close_link(finder, start) < 0) {
        *done = -1;
        return NULL;
    }
    finder->plain &= kind == INLINE || kind == LINK;
    return at;
}

/* Collect what is found. Return 1 if done, 0 if the page needs a reader, -1 if an exception is set. */
static int gather(Finder *finder, Place at, Place end)
{
    int done = 1;
    finder->rest = at;
    while (at && at < end && (at = memchr(at, '<', (size_t)(end - at)))) {
        Place start = at++;
        if (at == end)
            break;
        int is_start = is_letter(*at), is_end = *at == '/' && at + 1 < end && is_letter(at[1]);
        if (!is_start && !is_end && *at != '!' && *at != '?' && *at != '/')
            continue;  /* a "<" that is text */
        if (*at == '/' && at + 1 == end)
            break;
        take_text(finder, start);
        if (is_start)
            at = read_start(finder, at, end, &done);
        else if (is_end)
            at = read_end(finder, at + 1, end, &done);
        else if (end - at >= 3 && !memcmp(at, "!--", 3))
            at = after_comment(at + 3, end);
        else {
            done = !finder->svg;  /* there it may be a CDATA section */
            at = after(at, end, '>');  /* a doctype, or a bogus comment */
        }
        finder->rest = at ? at : end;  /* what is not closed is no text */
        if (done > 0 && PyList_GET_SIZE(finder->items) > MAX_ITEMS)
            done = 0;
        if (done <= 0)
            return done;
    }
    take_text(finder, end);
    return close_link(finder, end) < 0 ? -1 : 1;
}

PyObject *find_references(PyObject *Py_UNUSED(module), PyObject *page)
{
    if (!PyBytes_Check(page))
        return PyErr_Format(PyExc_TypeError, "a page is bytes, not %.100s", Py_TYPE(page)->tp_name);
    Place start = PyBytes_AS_STRING(page);
    Finder finder = {.counted = start, .line = 1, .link = -1};
    int done = -1;
    if ((finder.items = PyList_New(0)) && (finder.anchors = PyDict_New()) && (finder.seen = PyDict_New()))
        done = gather(&finder, start, start + PyBytes_GET_SIZE(page));
    PyObject *result = NULL;
    if (done > 0)
        result = PyTuple_Pack(2, finder.items, finder.anchors);
    else if (!done)
        result = none();
    Py_XDECREF(finder.items);
    Py_XDECREF(finder.anchors);
    Py_XDECREF(finder.seen);
    return result;
}
