/* SPDX-License-Identifier: BSD-2-Clause */
/* Files beside the image on the HTTP server of a UEFI HTTP boot (UEFI 2.10, 24.7 and 29.6). */

#include <string.h>

#include "efi_config.h"
#include "efi_source.h"
#include "efi_text.h"

#define PATH_MAX_BYTES 4096
#define WAIT_100NS     (10 * 1000 * 1000 * 10ULL) /* ten seconds without anything new */
#define TIMEOUT_MS     10000

static const struct efi_guid device_path_guid = {
    0x09576e91, 0x6d3f, 0x11d2, {0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b}};
static const struct efi_guid binding_guid = {
    0xbdc8e6af, 0xd9bc, 0x4379, {0xa7, 0x2a, 0xe0, 0xc4, 0xe7, 0x5d, 0xae, 0x1c}};
static const struct efi_guid http_guid = {
    0x7a59b29b, 0x910b, 0x4171, {0x82, 0x42, 0xa8, 0x5a, 0x0d, 0xf2, 0x5b, 0x5b}};

/* One request or answer: its event's notification says when it is over, a timer when it takes too long. */
struct exchange {
    struct efi_http_token token;
    void *timer;
    volatile bool is_done;
};

static void efi_api exchange_done(void *event, void *context)
{
    struct exchange *x = context;

    (void)event;
    x->is_done = true;
}

static bool exchange_begin(struct efi_boot_services *services, struct exchange *x,
                           struct efi_http_message *message)
{
    *x = (struct exchange){.token = {.message = message}};
    if (services->create_event(EFI_EVENT_NOTIFY_SIGNAL, EFI_PRIORITY_CALLBACK, exchange_done, x,
                               &x->token.event) != EFI_SUCCESS)
        return false;
    if (services->create_event(EFI_EVENT_TIMER, 0, NULL, NULL, &x->timer) == EFI_SUCCESS) {
        if (services->set_timer(x->timer, EFI_TIMER_RELATIVE, WAIT_100NS) == EFI_SUCCESS)
            return true;
        services->close_event(x->timer);
    }
    services->close_event(x->token.event);
    return false;
}

/* Polling is how this protocol goes on without interrupts. */
static bool exchange_end(struct efi_source *self, struct exchange *x, efi_status status)
{
    struct efi_http *http = self->http.protocol;

    while (status == EFI_SUCCESS && !x->is_done && self->services->check_event(x->timer) != EFI_SUCCESS)
        http->poll(http);
    if (status == EFI_SUCCESS && !x->is_done) {
        http->cancel(http, &x->token);
        x->token.status = EFI_UNSUPPORTED;
    }
    self->services->close_event(x->timer);
    self->services->close_event(x->token.event);
    return status == EFI_SUCCESS && x->token.status == EFI_SUCCESS;
}

static bool request_send(struct efi_source *self, const uint16_t *url)
{
    struct efi_http *http = self->http.protocol;
    char host[256];
    struct efi_http_header header = {"Host", host};
    struct efi_http_request request = {EFI_HTTP_GET, url};
    struct efi_http_message message = {&request, 1, &header, 0, NULL};
    struct exchange x;

    return efi_url_host(url, host, sizeof(host)) == 0 && exchange_begin(self->services, &x, &message) &&
           exchange_end(self, &x, http->request(http, &x.token));
}

static bool response_receive(struct efi_source *self, struct efi_http_message *message)
{
    struct efi_http *http = self->http.protocol;
    struct exchange x;

    return exchange_begin(self->services, &x, message) &&
           exchange_end(self, &x, http->response(http, &x.token));
}

static bool is_content_length(const char *name)
{
    static const char wanted[] = "content-length";

    for (uint32_t i = 0; i < sizeof(wanted); i++) {
        if ((name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]) != wanted[i])
            return false;
    }
    return true;
}

/* The head of the answer: how long its body is; -1: no body we want. */
static int64_t head_receive(struct efi_source *self)
{
    uint32_t status = 0;
    struct efi_http_message message = {.data = &status};
    int64_t length = -1;

    if (!response_receive(self, &message) || status != EFI_HTTP_STATUS_OK)
        return -1;
    for (uint64_t i = 0; i < message.header_count; i++) {
        if (is_content_length(message.headers[i].name))
            length = efi_content_length(message.headers[i].value);
    }
    return length;
}

static bool body_receive(struct efi_source *self, char *bytes, uint64_t size)
{
    uint64_t done = 0;

    while (done < size) {
        struct efi_http_message message = {.body_length = size - done, .body = bytes + done};

        if (!response_receive(self, &message) || message.body_length == 0 ||
            message.body_length > size - done)
            return false;
        done += message.body_length;
    }
    return true;
}

static void *file_fetch(struct efi_source *self, const uint16_t *name, uint64_t max, uint64_t *size)
{
    int64_t length = request_send(self, name) ? head_receive(self) : -1;
    void *bytes;

    if (length < 0 || (uint64_t)length > max)
        return NULL;
    *size = (uint64_t)length;
    bytes = efi_pages_allocate(self->services, *size + 1);
    if (bytes && body_receive(self, bytes, *size))
        return bytes;
    if (bytes)
        efi_pages_free(self->services, bytes, *size + 1);
    return NULL;
}

/* The address that the boot itself used stands in the device path (UEFI 2.10, 10.3.4.11 and .12). */
static bool address_configure(const struct efi_device_path *path, struct efi_http *http)
{
    struct efi_http_point4 v4 = {0};
    struct efi_http_point6 v6 = {0};
    struct efi_http_config config = {EFI_HTTP_VERSION_11, TIMEOUT_MS, false, &v4};
    uint32_t size;
    const uint8_t *node = efi_path_node(path, PATH_MAX_BYTES, EFI_PATH_MESSAGING, EFI_PATH_IPV4, &size);

    if (node && size >= 23) {
        memcpy(v4.address, node, 4);
        memcpy(v4.subnet, node + 19, 4);
    } else {
        node = efi_path_node(path, PATH_MAX_BYTES, EFI_PATH_MESSAGING, EFI_PATH_IPV6, &size);
        if (!node || size < 16)
            return false;
        memcpy(v6.address, node, 16);
        config.is_ipv6 = true;
        config.point = &v6;
    }
    return http->configure(http, &config) == EFI_SUCCESS;
}

/* A connection per file: what an answer that nobody wanted left on it would be taken for the next one. */
static void *http_read(struct efi_source *self, const uint16_t *name, uint64_t max, uint64_t *size)
{
    struct efi_service_binding *binding = self->http.binding;
    efi_handle child = NULL;
    void *bytes = NULL;

    if (binding->create_child(binding, &child) != EFI_SUCCESS)
        return NULL;
    if (self->services->handle_protocol(child, &http_guid, (void **)&self->http.protocol) == EFI_SUCCESS &&
        address_configure(self->http.path, self->http.protocol)) {
        bytes = file_fetch(self, name, max, size);
        self->http.protocol->configure(self->http.protocol, NULL);
    }
    binding->destroy_child(binding, child);
    return bytes;
}

bool efi_http_open(struct efi_source *self)
{
    struct efi_device_path *path = NULL, *rest;
    const uint8_t *url;
    uint32_t size;
    char host[256];
    efi_handle nic;

    if (self->services->handle_protocol(self->loaded->device, &device_path_guid, (void **)&path) !=
        EFI_SUCCESS)
        return false;
    url = efi_path_node(path, PATH_MAX_BYTES, EFI_PATH_MESSAGING, EFI_PATH_URI, &size);
    if (!url || size >= EFI_NAME_UNITS)
        return false;
    for (uint32_t i = 0; i < size; i++)
        self->name[i] = url[i];
    self->name[size] = 0;
    rest = self->http.path = path;
    if (efi_url_host(self->name, host, sizeof(host)) != 0 ||
        self->services->locate_device_path(&binding_guid, &rest, &nic) != EFI_SUCCESS ||
        self->services->handle_protocol(nic, &binding_guid, (void **)&self->http.binding) != EFI_SUCCESS)
        return false;
    self->read = http_read;
    self->close = NULL;
    return true;
}
