/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent.h"

#include <core/event.h>
#include <core/host_info.h>
#include <core/image.h>
#include <core/log.h>
#include <core/mm.h>
#include <core/thread.h>
#include <mbedtls/sha256.h>
#include <string.h>

/*
 * Boot modules become images of the same name, where they lie. Hashing them takes a while, so a thread below
 * the network's priority does it, sharing the CPU with guests, and each appears when its digest is known. The
 * module `tokens` is a secret and none.
 */
static void register_module(const struct host_module *module)
{
    uint8_t digest[IMAGE_SHA256_SIZE];
    int error;

    if (strcmp(module->name, "tokens") == 0 || !image_name_valid(module->name, strlen(module->name)))
        return;
    error = mbedtls_sha256(hpa_to_ptr(module->base), module->size, digest, 0);
    if (!error)
        error = image_register(module->name, module->base, module->size, digest);
    if (error) {
        log_warning("agent: boot module %s is no image (%d)", module->name, error);
        return;
    }
    log_info("agent: boot module %s is an image of %llu bytes", module->name,
             (unsigned long long)module->size);
    event_publish("image.created", "{\"name\":\"%s\",\"size_bytes\":%llu,\"replaced\":false}", module->name,
                  (unsigned long long)module->size);
}

static void boot_images_main(void *arg)
{
    const struct host_info *info = host_info();

    for (size_t i = 0; i < info->module_count; i++)
        register_module(&info->modules[i]);
}

void boot_images_start(void)
{
    struct thread_params params = {
        .name = "boot-images", .prio = THREAD_PRIO_VCPU, .cpu = THREAD_CPU_ANY, .fn = boot_images_main};
    struct thread *thread;

    if (host_info()->module_count == 0)
        return;
    if (thread_create(&params, &thread) == 0)
        thread_detach(thread);
    else
        log_warning("agent: no memory to look at the boot modules");
}
