/*
 * How many columns a text takes.  No locale is set in mighost, so wcwidth knows nothing beyond
 * ASCII.
 */
#include <stdint.h>
#include <string.h>

#include "term.h"

enum {
    ASCII_END = 0x80,
    DELETE = 0x7f,
    FIRST_PRINTABLE = 0x20,
    REPLACEMENT = 0xfffd,
    SEQUENCE_MAX = 4,
    HIDDEN = -1,
};

struct range {
    uint32_t first, last;
};

/* Controls, and what reorders or hides text: it could make a line look like another. */
static const struct range hidden[] = {
    {0x80, 0x9f},     {0xad, 0xad},     {0x61c, 0x61c},   {0x180e, 0x180e}, {0x200b, 0x200f},
    {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe0fff},
};

/* Combining marks, the common blocks of them. */
static const struct range combining[] = {
    {0x300, 0x36f},   {0x483, 0x489},     {0x591, 0x5bd},   {0x610, 0x61a},   {0x64b, 0x65f},
    {0x6d6, 0x6dc},   {0x6df, 0x6e4},     {0x900, 0x902},   {0x93c, 0x93c},   {0x941, 0x948},
    {0x94d, 0x94d},   {0xe31, 0xe31},     {0xe34, 0xe3a},   {0xe47, 0xe4e},   {0x1ab0, 0x1aff},
    {0x1dc0, 0x1dff}, {0x20d0, 0x20ff},   {0x302a, 0x302d}, {0x3099, 0x309a}, {0xfe00, 0xfe0f},
    {0xfe20, 0xfe2f}, {0x1f3fb, 0x1f3ff},
};

/* East Asian wide and full-width characters, and emoji. */
static const struct range wide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},
    {0x23f0, 0x23f0},   {0x23f3, 0x23f3},   {0x25fd, 0x25fe},   {0x2614, 0x2615},
    {0x2648, 0x2653},   {0x267f, 0x267f},   {0x2693, 0x2693},   {0x26a1, 0x26a1},
    {0x26aa, 0x26ab},   {0x26bd, 0x26be},   {0x26c4, 0x26c5},   {0x26ce, 0x26ce},
    {0x26d4, 0x26d4},   {0x26ea, 0x26ea},   {0x26f2, 0x26f5},   {0x26fa, 0x26fd},
    {0x2705, 0x2705},   {0x270a, 0x270b},   {0x2728, 0x2728},   {0x274c, 0x274e},
    {0x2753, 0x2757},   {0x2795, 0x2797},   {0x27b0, 0x27bf},   {0x2b1b, 0x2b1c},
    {0x2b50, 0x2b55},   {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},
    {0x4e00, 0x9fff},   {0xa000, 0xa4cf},   {0xa960, 0xa97f},   {0xac00, 0xd7a3},
    {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
    {0x1f004, 0x1f004}, {0x1f0cf, 0x1f0cf}, {0x1f18e, 0x1f19a}, {0x1f200, 0x1f320},
    {0x1f32d, 0x1f3fa}, {0x1f400, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f7e0, 0x1f7eb},
    {0x1f90c, 0x1f9ff}, {0x1fa70, 0x1faff}, {0x20000, 0x3fffd},
};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static bool is_in(const struct range *ranges, size_t count, uint32_t code)
{
    for (size_t i = 0; i < count; i++) {
        if (code >= ranges[i].first && code <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

static int columns_of(uint32_t code)
{
    if (code < ASCII_END) {
        return code < FIRST_PRINTABLE || code == DELETE ? HIDDEN : 1;
    }
    if (is_in(hidden, COUNT(hidden), code)) {
        return HIDDEN;
    }
    if (is_in(combining, COUNT(combining), code)) {
        return 0;
    }
    return is_in(wide, COUNT(wide), code) ? 2 : 1;
}

/* How many bytes a sequence with that first byte has; 0 when none begins so. */
static size_t sequence_size(unsigned char first)
{
    if (first < ASCII_END) {
        return 1;
    }
    if (first >= 0xc2 && first <= 0xdf) {
        return 2;
    }
    if (first >= 0xe0 && first <= 0xef) {
        return 3;
    }
    return first >= 0xf0 && first <= 0xf4 ? SEQUENCE_MAX : 0;
}

/* The next character; the bytes it takes.  One byte that begins none counts as U+FFFD. */
static size_t decode(const char *text, size_t length, uint32_t *code)
{
    static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
    static const unsigned char mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    size_t size = sequence_size((unsigned char)text[0]);
    uint32_t value;

    *code = REPLACEMENT;
    if (size == 0 || size > length) {
        return 1;
    }
    value = (unsigned char)text[0] & mask[size];
    for (size_t i = 1; i < size; i++) {
        if (((unsigned char)text[i] & 0xc0) != 0x80) {
            return 1;
        }
        value = value << 6 | ((unsigned char)text[i] & 0x3f);
    }
    if (value < lowest[size] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) {
        return 1;
    }
    *code = value;
    return size;
}

size_t mh_term_fit(char *fitted, size_t size, const char *text, size_t length, int columns)
{
    static const char replacement[] = "\xef\xbf\xbd";
    size_t used = 0;

    for (size_t at = 0; at < length;) {
        uint32_t code;
        size_t taken = decode(text + at, length - at, &code);
        bool is_broken = code == REPLACEMENT && taken == 1;
        const char *bytes = is_broken ? replacement : text + at;
        size_t count = is_broken ? sizeof replacement - 1 : taken;
        int width = columns_of(code);

        at += taken;
        if (width == HIDDEN) {
            continue;
        }
        if (width > columns || count > size - used) {
            break;
        }
        memcpy(fitted + used, bytes, count);
        used += count;
        columns -= width;
    }
    return used;
}
