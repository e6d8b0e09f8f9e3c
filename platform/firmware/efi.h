/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FIRMWARE_EFI_H
#define FIRMWARE_EFI_H

/*
 * The part of UEFI that the boot stub uses (UEFI Specification 2.10; sections with each piece). Services that
 * are not called are void pointers: only their place counts.
 */

#include <core/compiler.h>
#include <stdbool.h>
#include <stdint.h>

/* Calling convention, 2.3. Arm uses the normal one. */
#ifdef __x86_64__
#define efi_api __attribute__((ms_abi))
#else
#define efi_api
#endif

typedef uint64_t efi_status;
typedef void *efi_handle;

/* Appendix D. */
#define EFI_ERROR_BIT         BIT(63)
#define EFI_SUCCESS           0
#define EFI_INVALID_PARAMETER (EFI_ERROR_BIT | 2)
#define EFI_UNSUPPORTED       (EFI_ERROR_BIT | 3)
#define EFI_BUFFER_TOO_SMALL  (EFI_ERROR_BIT | 5)
#define EFI_OUT_OF_RESOURCES  (EFI_ERROR_BIT | 9)

struct efi_guid {
    uint32_t a;
    uint16_t b;
    uint16_t c;
    uint8_t d[8];
};

struct efi_table_header {
    uint64_t signature;
    uint32_t revision;
    uint32_t header_size;
    uint32_t crc32;
    uint32_t reserved;
};

/* 8.3.1 */
struct efi_time {
    uint16_t year;
    uint8_t month;
    uint8_t day;
    uint8_t hour;
    uint8_t minute;
    uint8_t second;
    uint8_t pad1;
    uint32_t nanosecond;
    int16_t time_zone; /* minutes: UTC = local + time_zone; EFI_UNSPECIFIED_TIMEZONE */
    uint8_t daylight;
    uint8_t pad2;
};
#define EFI_UNSPECIFIED_TIMEZONE 0x7ff

/* 10.2: type, subtype, length in bytes with this header. */
struct efi_device_path {
    uint8_t type;
    uint8_t subtype;
    uint8_t length[2];
};
#define EFI_PATH_MESSAGING    3
#define EFI_PATH_IPV4         12
#define EFI_PATH_IPV6         13
#define EFI_PATH_URI          24
#define EFI_PATH_MEDIA        4
#define EFI_PATH_MEDIA_VENDOR 3
#define EFI_PATH_MEDIA_FILE   4
#define EFI_PATH_END          0x7f
#define EFI_PATH_END_ALL      0xff

/* 12.4 */
struct efi_text_output {
    void *reset;
    efi_status(efi_api *output_string)(struct efi_text_output *self, const uint16_t *text);
};

/* 8.3 */
struct efi_runtime_services {
    struct efi_table_header header;
    efi_status(efi_api *get_time)(struct efi_time *time, void *capabilities);
};

#define EFI_ALLOCATE_ANY_PAGES   0
#define EFI_ALLOCATE_MAX_ADDRESS 1
#define EFI_LOADER_DATA          2

/* 7.1 */
#define EFI_EVENT_TIMER         BIT(31)
#define EFI_EVENT_NOTIFY_SIGNAL BIT(9)
#define EFI_PRIORITY_CALLBACK   8
#define EFI_TIMER_RELATIVE      2

/* Chapter 7; members in the order of 4.4. */
struct efi_boot_services {
    struct efi_table_header header;
    void *raise_tpl;
    void *restore_tpl;
    efi_status(efi_api *allocate_pages)(uint32_t kind, uint32_t type, uint64_t pages, uint64_t *address);
    efi_status(efi_api *free_pages)(uint64_t address, uint64_t pages);
    efi_status(efi_api *get_memory_map)(uint64_t *size, void *map, uint64_t *key, uint64_t *descriptor_size,
                                        uint32_t *descriptor_version);
    efi_status(efi_api *allocate_pool)(uint32_t type, uint64_t size, void **buffer);
    efi_status(efi_api *free_pool)(void *buffer);
    efi_status(efi_api *create_event)(uint32_t type, uint64_t priority,
                                      void(efi_api *notify)(void *event, void *context), void *context,
                                      void **event);
    efi_status(efi_api *set_timer)(void *event, uint32_t type, uint64_t time_100ns);
    void *wait_for_event;
    void *signal_event;
    efi_status(efi_api *close_event)(void *event);
    efi_status(efi_api *check_event)(void *event);
    void *protocol_installation[3];
    efi_status(efi_api *handle_protocol)(efi_handle handle, const struct efi_guid *guid, void **interface);
    void *reserved;
    void *register_protocol_notify;
    void *locate_handle;
    efi_status(efi_api *locate_device_path)(const struct efi_guid *guid, struct efi_device_path **path,
                                            efi_handle *handle);
    void *install_configuration_table;
    void *images[4];
    efi_status(efi_api *exit_boot_services)(efi_handle image, uint64_t key);
};
_Static_assert(offsetof(struct efi_boot_services, exit_boot_services) == 232, "UEFI 2.10, 4.4");

/* 4.3 */
struct efi_system_table {
    struct efi_table_header header;
    const uint16_t *vendor;
    uint32_t firmware_revision;
    efi_handle console_in_handle;
    void *console_in;
    efi_handle console_out_handle;
    struct efi_text_output *console_out;
    efi_handle standard_error_handle;
    struct efi_text_output *standard_error;
    struct efi_runtime_services *runtime;
    struct efi_boot_services *boot;
};

/* 9.1 */
struct efi_loaded_image {
    uint32_t revision;
    efi_handle parent;
    struct efi_system_table *system_table;
    efi_handle device;
    struct efi_device_path *file_path;
    void *reserved;
    uint32_t load_options_size; /* bytes */
    void *load_options;
};

/* 13.5 */
struct efi_file {
    uint64_t revision;
    efi_status(efi_api *open)(struct efi_file *self, struct efi_file **opened, const uint16_t *name,
                              uint64_t mode, uint64_t attributes);
    efi_status(efi_api *close)(struct efi_file *self);
    void *delete;
    efi_status(efi_api *read)(struct efi_file *self, uint64_t *size, void *buffer);
    void *write;
    void *get_position;
    efi_status(efi_api *set_position)(struct efi_file *self, uint64_t position);
    efi_status(efi_api *get_info)(struct efi_file *self, const struct efi_guid *kind, uint64_t *size,
                                  void *info);
};
#define EFI_FILE_MODE_READ 1

/* 13.5.16; the name follows. */
struct efi_file_info {
    uint64_t size; /* of this structure with the name */
    uint64_t file_size;
    uint64_t physical_size;
    struct efi_time times[3];
    uint64_t attributes;
};
#define EFI_FILE_DIRECTORY 0x10

/* 13.4 */
struct efi_simple_file_system {
    uint64_t revision;
    efi_status(efi_api *open_volume)(struct efi_simple_file_system *self, struct efi_file **root);
};

/* 13.2 */
struct efi_load_file2 {
    efi_status(efi_api *load_file)(struct efi_load_file2 *self, struct efi_device_path *path,
                                   bool boot_policy, uint64_t *size, void *buffer);
};

#endif
