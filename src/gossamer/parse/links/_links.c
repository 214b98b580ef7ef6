/* Find the links and the other relevant tags of an HTML page: native code for quick.py.
 *
 * One pass over UTF-8 by the rules of the WHATWG tokenizer (HTML section 13.2.5), which concern ASCII only. It allocates
 * nothing but its result, keeps no state, and reads no byte at or after `end`. Every function takes a position in the
 * page and returns a later one, or NULL if the page ends before what the function looks for.
 */

#include "_tags.h"

enum Kind { DULL, LINK, TELLING, WILD, SVG, TEXT, TELLING_TEXT, SCRIPT };

/* Kinds of elements. WILD: the page needs a reader that tracks nesting. TEXT: the content is text. */
static const struct { const char *name; enum Kind kind; } ELEMENTS[] = {
    {"a", LINK}, {"area", LINK}, {"base", TELLING}, {"html", TELLING}, {"link", TELLING}, {"meta", TELLING},
    {"frame", TELLING}, {"title", TELLING_TEXT}, {"iframe", TELLING_TEXT}, {"script", SCRIPT}, {"style", TEXT},
    {"textarea", TEXT}, {"xmp", TEXT}, {"noembed", TEXT}, {"noframes", TEXT}, {"svg", SVG}, {"math", WILD},
    {"template", WILD}, {"frameset", WILD}, {"plaintext", WILD},
};

static enum Kind kind_of(Place name, Py_ssize_t length)
{
    if (length <= 9)  /* "plaintext" */
        for (size_t i = 0; i < sizeof ELEMENTS / sizeof *ELEMENTS; i++)
            if (((name[0] | 32) == ELEMENTS[i].name[0]) && is_name(name, length, ELEMENTS[i].name))
                return ELEMENTS[i].kind;
    return DULL;
}

/* Whether the href at `at` has a scheme that is not followed. */
static int leads_nowhere(Place at, Place end)
{
    static const char *const SCHEMES[] = {"javascript:", "mailto:", "tel:", "data:", "about:", "blob:"};
    for (size_t i = 0; i < sizeof SCHEMES / sizeof *SCHEMES; i++) {
        Py_ssize_t length = (Py_ssize_t)strlen(SCHEMES[i]);
        if (end - at >= length && is_name(at, length, SCHEMES[i]))
            return 1;
    }
    return 0;
}

/* Count an item and take over its reference; return -1 on error. */
static int count(PyObject *found, PyObject *item)
{
    int failed = -1;
    if (item) {
        PyObject *before = PyDict_GetItemWithError(found, item);  /* borrowed */
        if (before || !PyErr_Occurred()) {
            PyObject *now = PyLong_FromLong(before ? PyLong_AsLong(before) + 1 : 1);
            failed = now ? PyDict_SetItem(found, item, now) : -1;
            Py_XDECREF(now);
        }
        Py_DECREF(item);
    }
    return failed;
}

static int count_tag(PyObject *found, Place start, Place end)
{
    return count(found, PyBytes_FromStringAndSize(start, end - start));
}

/* Count a link with the attributes from `at` to `end`. Return 1 if done, 0 if its tag says more, -1 on error. */
static int count_link(PyObject *found, Place at, Place end)
{
    Place href = NULL, href_end = NULL;
    while (at < end) {
        if (is_space(*at) || *at == '/') {
            at++;
            continue;
        }
        Place name = at++;  /* even if it is "=" */
        while (at < end && !is_space(*at) && *at != '/' && *at != '=')
            at++;
        Py_ssize_t length = at - name;
        Place value = NULL, value_end = NULL;
        while (at < end && is_space(*at))
            at++;
        if (at < end && *at == '=') {
            do
                at++;
            while (at < end && is_space(*at));
            if (at < end && (*at == '"' || *at == '\'')) {
                value = at + 1;
                value_end = memchr(value, *at, (size_t)(end - value));
                if (!value_end)
                    return 0;  /* unreachable: `after_tag` has checked this */
                at = value_end + 1;
            }
            else {
                value = at;
                while (at < end && !is_space(*at))
                    at++;
                value_end = at;
            }
        }
        if (length == 3 && is_name(name, 3, "rel"))
            return 0;
        if (length == 4 && !href && is_name(name, 4, "href")) {
            href = value ? value : name;
            href_end = value ? value_end : name;
        }
    }
    while (href < href_end && is_space(*href))
        href++;
    while (href < href_end && is_space(href_end[-1]))
        href_end--;
    for (Place c = href; c < href_end; c++)
        if (*c == '&' || *c == '\r' || *c == 0 || (unsigned char)*c >= 0x80)
            return 0;
    if (href == href_end || leads_nowhere(href, href_end))
        return 1;
    Place fragment = memchr(href, '#', (size_t)(href_end - href));
    if (fragment)
        href_end = fragment;
    if (href == href_end)
        return 1;
    return count(found, PyUnicode_DecodeASCII(href, href_end - href, NULL)) < 0 ? -1 : 1;
}

/* Return the position after the svg element whose start tag has its attributes from `at` on; NULL if it is not tame. */
static Place after_svg(Place at, Place end)
{
    int depth = 0, is_self_closing;
    at = after_start_tag(at, end, &is_self_closing);
    if (!at || is_self_closing)
        return at;
    for (depth = 1; depth && at && (at = after(at, end, '<'));) {
        int is_end = at < end && *at == '/';
        Place name = at += is_end;
        if (at == end)
            return NULL;
        if (!is_letter(*at)) {
            if (is_end || end - at < 3 || memcmp(at, "!--", 3))
                return NULL;
            at = after_comment(at + 3, end);
            continue;
        }
        while (at < end && !ends_name(*at))
            at++;
        enum SvgKind kind = svg_kind(name, at - name);
        Place closed = after_start_tag(at, end, &is_self_closing);
        if (kind == SVG_WILD || !closed || (kind == SVG_TEXT && !is_end && !holds_text(closed, end, name, at - name)))
            return NULL;
        if (kind == SVG_ITSELF && (is_end || !is_self_closing))
            depth += is_end ? -1 : 1;
        at = closed;
    }
    return at;
}

/* Collect links and tags. Return 1 if done, 0 if the page needs `Reader`, -1 if an exception is set. */
static int gather(Place at, Place end, PyObject *found)
{
    while (at < end && (at = memchr(at, '<', (size_t)(end - at)))) {
        Place start = at++;
        if (at == end)
            return 1;
        if (is_letter(*at)) {
            Place name = at;
            while (at < end && !ends_name(*at))
                at++;
            Py_ssize_t length = at - name;
            Place attributes = at;
            if (!(at = after_tag(at, end)))
                return 1;
            enum Kind kind = kind_of(name, length);
            if (kind == WILD || (kind == SVG && !(at = after_svg(attributes, end))))
                return 0;
            if (kind >= TEXT) {
                Place text = at;
                if (!(at = end_tag(text, end, name, length)) || (kind == SCRIPT && is_double(text, at)))
                    return 0;
                Place closed = after_tag(at + 2 + length, end);
                if (!closed)
                    return 0;
                if (kind == TELLING_TEXT && count_tag(found, start, closed) < 0)
                    return -1;
                at = closed;
            }
            else if (kind == LINK || kind == TELLING) {
                int done = kind == LINK ? count_link(found, attributes, at - 1) : 0;
                if (done < 0 || (!done && count_tag(found, start, at) < 0))
                    return -1;
            }
        }
        else if (*at == '/' && at + 1 < end && is_letter(at[1])) {
            do
                at++;
            while (at < end && !ends_name(*at));
            at = after_tag(at, end);
        }
        else if (end - at >= 3 && !memcmp(at, "!--", 3))
            at = after_comment(at + 3, end);
        else if (*at == '!' || *at == '?' || *at == '/')
            at = after(at, end, '>');  /* a doctype, or a bogus comment */
        if (!at)
            return 1;
    }
    return 1;
}

static PyObject *find_links(PyObject *Py_UNUSED(module), PyObject *page)
{
    if (!PyBytes_Check(page))
        return PyErr_Format(PyExc_TypeError, "a page is bytes, not %.100s", Py_TYPE(page)->tp_name);
    PyObject *found = PyDict_New();
    if (!found)
        return NULL;
    Place start = PyBytes_AS_STRING(page);
    int done = gather(start, start + PyBytes_GET_SIZE(page), found);
    if (done > 0)
        return found;
    Py_DECREF(found);
    if (done < 0)
        return NULL;
    Py_RETURN_NONE;
}

extern PyObject *find_references(PyObject *, PyObject *);  /* _references.c */

static PyMethodDef METHODS[] = {
    {"find_links", find_links, METH_O,
     "Count the plain links of a page given as UTF-8, by href (str), and the tags that may mean more (bytes), in the order\n"
     "of the page; None where only a whole reader can tell."},
    {"find_references", find_references, METH_O,
     "Return what may point somewhere in a page given as UTF-8, in its order, and its ids; None as above."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot SLOTS[] = {
#if PY_VERSION_HEX >= 0x030C0000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
#if PY_VERSION_HEX >= 0x030D0000
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, .m_name = "_links", .m_doc = "Find the links of an HTML page, natively.", .m_methods = METHODS,
    .m_slots = SLOTS,
};

PyMODINIT_FUNC PyInit__links(void) { return PyModuleDef_Init(&MODULE); }
