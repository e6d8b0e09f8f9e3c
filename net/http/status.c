/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdint.h>

#include <net/http.h>

/* RFC 9110 section 15, RFC 6585, RFC 4918 (507). Sorted. */
static const struct {
    uint16_t status;
    const char *text;
} texts[] = {
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};

const char *http_status_text(unsigned status)
{
    size_t lo = 0;
    size_t hi = ARRAY_SIZE(texts);

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (texts[mid].status == status)
            return texts[mid].text;
        if (texts[mid].status < status)
            lo = mid + 1;
        else
            hi = mid;
    }
    return "Unknown";
}
