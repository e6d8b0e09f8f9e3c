/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FIRMWARE_EFI_NET_H
#define FIRMWARE_EFI_NET_H

/* UEFI's network protocols, as far as the boot stub uses them (UEFI 2.10, sections with each piece). */

#include "efi.h"

/* 24.3: PXE base code. Packets are kept as they came. */
#define EFI_PXE_PACKET_SIZE 1472
#define EFI_PXE_TFTP_SIZE   1
#define EFI_PXE_TFTP_READ   2

struct efi_pxe_mode {
    bool is_started;
    bool is_ipv6_available;
    bool is_ipv6_supported;
    bool is_using_ipv6;
    bool others[5];
    bool has_dhcp_ack;
    bool has_proxy_offer;
    bool has_pxe_discover;
    bool has_pxe_reply;
    bool more[4];
    uint8_t ttl;
    uint8_t tos;
    uint32_t station_ip[4];
    uint32_t subnet_mask[4];
    uint8_t dhcp_discover[EFI_PXE_PACKET_SIZE];
    uint8_t dhcp_ack[EFI_PXE_PACKET_SIZE];
    uint8_t proxy_offer[EFI_PXE_PACKET_SIZE];
    uint8_t pxe_discover[EFI_PXE_PACKET_SIZE];
    uint8_t pxe_reply[EFI_PXE_PACKET_SIZE];
};
_Static_assert(offsetof(struct efi_pxe_mode, station_ip) == 20, "UEFI 2.10, 24.3");
_Static_assert(offsetof(struct efi_pxe_mode, dhcp_ack) == 52 + EFI_PXE_PACKET_SIZE, "UEFI 2.10, 24.3");

struct efi_pxe {
    uint64_t revision;
    void *start_to_discover[4];
    efi_status(efi_api *mtftp)(struct efi_pxe *self, uint32_t operation, void *buffer, bool overwrite,
                               uint64_t *size, uint64_t *block_size, const uint8_t server[16],
                               const char *name, void *multicast, bool without_buffer);
    void *udp_to_set_packets[7];
    struct efi_pxe_mode *mode;
};
_Static_assert(offsetof(struct efi_pxe, mode) == 104, "UEFI 2.10, 24.3");

/* 11.6 */
struct efi_service_binding {
    efi_status(efi_api *create_child)(struct efi_service_binding *self, efi_handle *child);
    efi_status(efi_api *destroy_child)(struct efi_service_binding *self, efi_handle child);
};

/* 29.6: HTTP. */
struct efi_http_point4 {
    bool use_default;
    uint8_t address[4];
    uint8_t subnet[4];
    uint16_t port;
};
struct efi_http_point6 {
    uint8_t address[16];
    uint16_t port;
};
struct efi_http_config {
    uint32_t version;
    uint32_t timeout_ms;
    bool is_ipv6;
    void *point;
};
#define EFI_HTTP_VERSION_11 1

struct efi_http_request {
    uint32_t method;
    const uint16_t *url;
};
#define EFI_HTTP_GET 0

struct efi_http_header {
    const char *name;
    const char *value;
};
struct efi_http_message {
    void *data; /* struct efi_http_request, or uint32_t for the status of an answer */
    uint64_t header_count;
    struct efi_http_header *headers;
    uint64_t body_length;
    void *body;
};
#define EFI_HTTP_STATUS_OK 3

struct efi_http_token {
    void *event;
    efi_status status;
    struct efi_http_message *message;
};
struct efi_http {
    void *get_mode_data;
    efi_status(efi_api *configure)(struct efi_http *self, struct efi_http_config *config);
    efi_status(efi_api *request)(struct efi_http *self, struct efi_http_token *token);
    efi_status(efi_api *cancel)(struct efi_http *self, struct efi_http_token *token);
    efi_status(efi_api *response)(struct efi_http *self, struct efi_http_token *token);
    efi_status(efi_api *poll)(struct efi_http *self);
};

#endif
