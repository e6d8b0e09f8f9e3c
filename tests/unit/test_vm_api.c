/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../net/agent/metrics.h"
#include "vm_fake.h"

TestSuite(vm_api, .init = start_server, .fini = end_server);

#define EXPECT(answer, wanted_status, ...)                                               \
    do {                                                                                 \
        const char *answer_ = (answer);                                                  \
        const char *const texts_[] = {__VA_ARGS__};                                      \
                                                                                         \
        cr_assert_eq(status_of(answer_), (wanted_status), "%s", answer_);                \
        for (size_t i_ = 0; i_ < ARRAY_SIZE(texts_); i_++)                               \
            cr_assert(strstr(answer_, texts_[i_]), "no %s in\n%s", texts_[i_], answer_); \
    } while (0)

Test(vm_api, life)
{
    EXPECT(request(
               "POST", "/v1/vms", "Content-Type: application/json\r\n",
               "{\"name\":\"web\",\"vcpus\":2,\"memory\":\"512M\",\"kernel\":\"linux\",\"initrd\":\"initrd\","
               "\"cmdline\":\"console=ttyS0\",\"debug_exit\":true,\"restart\":\"always\"}"),
           201, "Location: /v1/vms/web\r\n", "\"name\":\"web\"", "\"vcpus\":2", "\"memory\":536870912",
           "\"kernel\":\"linux\"", "\"initrd\":\"initrd\"", "\"cmdline\":\"console=ttyS0\"",
           "\"debug_exit\":true", "\"restart\":\"always\"", "\"state\":\"created\"", "\"exit_code\":null",
           "\"crash\":null");
    EXPECT(request("POST", "/v1/vms/web/actions/start", "", ""), 200, "\"state\":\"running\"");
    EXPECT(request("GET", "/v1/vms/web", "", ""), 200, "\"state\":\"running\"",
           "\"cpus\":[{\"id\":0,\"state\":\"halted\",\"run_ns\":1500000000,\"steal_ns\":7000000,\"halted_"
           "ns\":2000000000,"
           "\"exits\":42},{\"id\":1,",
           "\"mappings\":{\"4K\":7,\"2M\":8,\"1G\":9}", "\"exits\":{\"cpuid\":3,\"halt\":4}");
    EXPECT(request("DELETE", "/v1/vms/web", "", ""), 409, "\"code\":\"wrong_state\"", "running");
    EXPECT(request("POST", "/v1/vms/web/actions/pause", "", "{}"), 200, "\"state\":\"paused\"");
    EXPECT(request("POST", "/v1/vms/web/actions/start", "", ""), 409, "\"code\":\"wrong_state\"", "paused",
           "\"field\":\"state\"");
    cr_assert_eq(act("web", "resume"), 200);
    cr_assert_eq(act("web", "nmi"), 200);
    cr_assert_eq(act("web", "reset"), 200);
    cr_assert_eq(act("web", "stop"), 200);
    EXPECT(request("DELETE", "/v1/vms/web", "", ""), 204, "");
    EXPECT(request("GET", "/v1/vms/web", "", ""), 404, "\"code\":\"not_found\"");
    cr_assert_eq(fake_alive, 0);
}

Test(vm_api, tells_how_it_ended)
{
    struct vm *vm;

    make_vm("a");
    vm = fake_find("a");
    vm->state = VM_CRASHED;
    vm->info.has_exit_code = true;
    vm->info.exit_code = 7;
    vm->info.has_crash = true;
    vm->info.crash = (struct vm_crash){
        .reason = "triple fault",
        .exit = "shutdown",
        .vcpu = 0,
        .pc_name = "rip",
        .pc = 0xffffffff81000000,
        .register_count = 4,
        .registers = {
            {"rax", NULL, UINT64_MAX}, {"cs", "selector", 8}, {"cs", "base", 0}, {"ds", "base", 1}}};
    EXPECT(request("GET", "/v1/vms/a", "", ""), 200, "\"state\":\"crashed\"", "\"exit_code\":7",
           "\"crash\":{\"reason\":\"triple "
           "fault\",\"exit\":\"shutdown\",\"vcpu\":0,\"rip\":\"0xffffffff81000000\","
           "\"registers\":{\"rax\":\"0xffffffffffffffff\",\"cs\":{\"selector\":\"0x8\",\"base\":\"0x0\"},"
           "\"ds\":{\"base\":\"0x1\"}}}");
    EXPECT(request("GET", "/v1/vms", "", ""), 200,
           "\"crash\":{\"reason\":\"triple fault\",\"exit\":\"shutdown\",\"vcpu\":0,"
           "\"rip\":\"0xffffffff81000000\"}");
}

Test(vm_api, tells_of_a_restart_that_is_due)
{
    struct vm *vm;

    make_vm("a");
    EXPECT(request("GET", "/v1/vms/a", "", ""), 200, "\"restarts\":0,\"restart_pending\":null");
    vm = fake_find("a");
    vm->state = VM_CRASHED;
    vm->info.restarts = 3;
    vm->info.restart_at_ns = clock_now_ns() + 4 * NSEC_PER_SEC;
    EXPECT(request("GET", "/v1/vms/a", "", ""), 200,
           "\"restarts\":3,\"restart_pending\":{\"at\":null,\"in_ns\":4000000000}");
    fake_boot_ns = 784111777ULL * NSEC_PER_SEC + 500 * NSEC_PER_MSEC - vm->info.restart_at_ns;
    EXPECT(request("GET", "/v1/vms/a", "", ""), 200,
           "\"restart_pending\":{\"at\":\"1994-11-06T08:49:37.500Z\",\"in_ns\":4000000000}");
    /* The timer has not come yet. */
    vm->info.restart_at_ns = clock_now_ns() - 1;
    EXPECT(request("GET", "/v1/vms/a", "", ""), 200, "\"in_ns\":0}");
    fake_boot_ns = 0;
}

Test(vm_api, creating_is_refused_with_a_reason)
{
    static const char good[] = "{\"name\":\"a\",\"memory\":\"8M\",\"kernel\":\"linux\"}";

    EXPECT(
        request("POST", "/v1/vms", "", "{\"name\":\"a\",\"memory\":\"8M\",\"kernel\":\"linux\",\"cpus\":2}"),
        422, "application/problem+json", "\"code\":\"unknown_field\"", "\"field\":\"cpus\"");
    EXPECT(request("POST", "/v1/vms", "", ""), 400, "malformed_json");
    EXPECT(request("POST", "/v1/vms", "Content-Type: text/plain\r\n", good), 415, "application/json");
    EXPECT(request("POST", "/v1/vms", "", "{\"name\":\"a\",\"memory\":\"8M\",\"kernel\":\"bsd\"}"), 422,
           "\"code\":\"unknown_image\"", "\"field\":\"kernel\"");
    fake_create_error = -ENOMEM;
    EXPECT(request("POST", "/v1/vms", "", good), 507, "\"code\":\"insufficient_storage\"",
           "\"field\":\"memory\"", "4 bytes are free");
    fake_create_error = -ENODEV;
    EXPECT(request("POST", "/v1/vms", "", good), 501, "no_virtualization");
    fake_create_error = -EIO;
    EXPECT(request("POST", "/v1/vms", "", good), 500, "internal_error");
    fake_create_error = 0;
    EXPECT(request("POST", "/v1/vms", "", good), 201, "");
    EXPECT(request("POST", "/v1/vms", "", good), 409, "\"code\":\"exists\"", "\"field\":\"name\"");
}

Test(vm_api, starting_is_refused_with_a_reason)
{
    make_vm("a");
    fake_start_error = -EINVAL;
    EXPECT(request("POST", "/v1/vms/a/actions/start", "", ""), 422, "\"code\":\"not_loadable\"",
           "\"field\":\"kernel\"", "this is no kernel");
    fake_start_error = -ENOMEM;
    EXPECT(request("POST", "/v1/vms/a/actions/start", "", ""), 507, "insufficient_storage");
    fake_start_error = 0;
    EXPECT(request("POST", "/v1/vms/a/actions/stop", "", ""), 409, "\"code\":\"wrong_state\"", "created");
    EXPECT(request("POST", "/v1/vms/a/actions/jump", "", ""), 404, "not_found");
    EXPECT(request("POST", "/v1/vms/b/actions/start", "", ""), 404, "not_found");
    EXPECT(request("POST", "/v1/vms/a/actions/start", "", "{\"force\":true}"), 422, "unknown_field");
    EXPECT(request("GET", "/v1/vms/a/actions/start", "", ""), 405, "Allow:");
}

Test(vm_api, dirty_log)
{
    make_vm("a");
    EXPECT(request("GET", "/v1/vms/a/dirty-log", "", ""), 409, "wrong_state", "\"field\":\"dirty_log\"");
    EXPECT(request("POST", "/v1/vms/a/actions/dirty-log-read", "", ""), 409, "wrong_state");
    fake_start_error = -ENOMEM;
    EXPECT(request("POST", "/v1/vms/a/actions/dirty-log-start", "", ""), 507, "insufficient_storage");
    fake_start_error = 0;
    EXPECT(request("GET", "/v1/vms/a", "", ""), 200, "\"dirty_log\":false");
    EXPECT(request("POST", "/v1/vms/a/actions/dirty-log-start", "", ""), 200, "\"dirty_log\":true");
    EXPECT(request("GET", "/v1/vms/a/dirty-log", "", ""), 200,
           "{\"page_size\":4096,\"dirty_pages\":514,\"ranges\":[{\"address\":12288,\"pages\":2},"
           "{\"address\":4294967296,\"pages\":512}],\"is_cut\":false}");
    EXPECT(request("POST", "/v1/vms/a/actions/dirty-log-read", "", ""), 200,
           "\"ranges\":[{\"address\":12288,\"pages\":2}],\"is_cut\":true}");
    EXPECT(request("POST", "/v1/vms/a/actions/dirty-log-read", "", "{\"x\":1}"), 422, "unknown_field");
    EXPECT(request("GET", "/v1/vms/a/actions/dirty-log-read", "", ""), 405, "Allow:");
    EXPECT(request("POST", "/v1/vms/a/actions/dirty-log-stop", "", ""), 200, "\"dirty_log\":false");
    EXPECT(request("GET", "/v1/vms/b/dirty-log", "", ""), 404, "not_found");
}

Test(vm_api, names_that_cannot_be)
{
    EXPECT(request("GET", "/v1/vms/.a", "", ""), 404, "not_found");
    EXPECT(request("GET", "/v1/vms/a%20b", "", ""), 404, "not_found");
    EXPECT(request("DELETE", "/v1/vms/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "",
                   ""),
           404, "not_found");
    EXPECT(request("DELETE", "/v1/vms/a", "", ""), 404, "not_found");
}

Test(vm_api, pages)
{
    char name[16], cursor[64] = "", path[128];
    unsigned n = 0, pages = 0;

    for (unsigned i = 0; i < 25; i++) {
        snprintf(name, sizeof(name), "vm-%02u", i * 7 % 25);
        make_vm(name);
    }
    for (;;) {
        const char *answer, *at;

        snprintf(path, sizeof(path), "/v1/vms?limit=10&cursor=%s", cursor);
        answer = request("GET", path, "", "");
        cr_assert_eq(status_of(answer), 200);
        pages++;
        for (at = answer; (at = strstr(at, "\"name\":\"vm-")) != NULL; at++, n++) {
            snprintf(name, sizeof(name), "vm-%02u", n);
            cr_assert_eq(strncmp(at + 8, name, 5), 0);
        }
        if (strstr(answer, "\"next_cursor\":null"))
            break;
        at = strstr(answer, "\"next_cursor\":\"");
        cr_assert_not_null(at);
        snprintf(cursor, sizeof(cursor), "%.5s", at + 15);
    }
    cr_assert(n == 25 && pages == 3);
    EXPECT(request("GET", "/v1/vms?limit=0", "", ""), 400, "invalid_parameter");
    EXPECT(request("GET", "/v1/vms?page=1", "", ""), 400, "invalid_parameter");
    EXPECT(request("GET", "/v1/vms?cursor=zz", "", ""), 200, "{\"items\":[],\"next_cursor\":null}");
}

Test(vm_api, who_asked_is_gone)
{
    static const char body[] = "{\"name\":\"a\",\"memory\":\"8M\",\"kernel\":\"linux\"}";
    struct mock *m = connect_client();
    char head[128];

    snprintf(head, sizeof(head), "POST /v1/vms HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n",
             strlen(body));
    mock_send_str(m, head);
    mock_send_str(m, body);
    disconnect_client(m);
    settle();
    cr_assert_not_null(fake_find("a"));

    m = connect_client();
    mock_send_str(m, "DELETE /v1/vms/a HTTP/1.1\r\nHost: h\r\n\r\n");
    cr_assert(run_job());
    disconnect_client(m);
    settle();
    cr_assert_eq(fake_alive, 0);
}

Test(vm_api, console_for_scripts)
{
    make_vm("a");
    fake_print("a", "hello \xff\n", 8);
    EXPECT(request("GET", "/v1/vms/a/console/log", "", ""), 200, "application/octet-stream",
           "X-Offset: 0\r\n", "X-Next-Offset: 8\r\n", "X-Oldest-Offset: 0\r\n", "\r\n\r\nhello \xff\n");
    EXPECT(request("GET", "/v1/vms/a/console/log?offset=2&limit=3", "", ""), 200, "X-Next-Offset: 5\r\n",
           "\r\n\r\nllo");
    EXPECT(request("GET", "/v1/vms/a/console/log?offset=8", "", ""), 200, "X-Next-Offset: 8\r\n",
           "Content-Length: 0\r\n");
    EXPECT(request("GET", "/v1/vms/a/console/log", "Accept: application/json\r\n", ""), 200,
           "{\"offset\":0,\"next_offset\":8,\"oldest_offset\":0,\"text\":\"hello \xef\xbf\xbd\\n\"}");
    EXPECT(request("GET", "/v1/vms/b/console/log", "", ""), 404, "not_found");
    EXPECT(request("GET", "/v1/vms/a/console/log?limit=0", "", ""), 400, "limit");

    for (unsigned i = 0; i < 70000; i++)
        fake_print("a", "x", 1);
    EXPECT(request("GET", "/v1/vms/a/console/log?limit=10", "", ""), 200, "X-Offset: 4472\r\n",
           "X-Next-Offset: 4482\r\n", "X-Oldest-Offset: 4472\r\n");

    EXPECT(request("POST", "/v1/vms/a/console/input", "", "ls\n"), 409, "wrong_state", "created");
    act("a", "start");
    EXPECT(request("POST", "/v1/vms/a/console/input", "", "ls\n"), 200, "{\"accepted_bytes\":3}");
    cr_assert_eq(console_take(fake_find("a")->console), 'l');
    EXPECT(request("POST", "/v1/vms/b/console/input", "", "ls\n"), 404, "not_found");
}

Test(vm_api, console_input_that_nobody_reads)
{
    static char body[5000];

    make_vm("a");
    act("a", "start");
    memset(body, 'i', sizeof(body) - 1);
    EXPECT(request("POST", "/v1/vms/a/console/input", "", body), 200, "{\"accepted_bytes\":4096}");
    EXPECT(request("POST", "/v1/vms/a/console/input", "", body), 503, "Retry-After: 1", "input_full");
}

static void metrics_handler(struct http_request *req)
{
    struct text text = {0};

    text_string(&text, "before 1\n");
    vm_metrics_respond(req, &text);
}
HTTP_ROUTE(test_metrics, .pattern = "/metrics", .methods = HTTP_BIT(HTTP_GET), .scope = HTTP_SCOPE_READ,
           .handler = metrics_handler);

Test(vm_api, metrics)
{
    make_vm("a");
    make_vm("b");
    act("b", "start");
    fake_find("a")->info.overhead_bytes = 4096;
    EXPECT(
        request("GET", "/metrics", "", ""), 200, "before 1\n# HELP basalt_vms ",
        "basalt_vms{state=\"created\"} 1\nbasalt_vms{state=\"running\"} 1\nbasalt_vms{state=\"paused\"} 0\n",
        "basalt_vm_memory_bytes{vm=\"a\",state=\"guest\"} 8388608\n",
        "basalt_vm_memory_bytes{vm=\"a\",state=\"overhead\"} 4096\n",
        "# TYPE basalt_vm_exits_total counter\nbasalt_vm_exits_total{vm=\"a\",reason=\"cpuid\"} 3\n",
        "basalt_debug_exit_locks_total{vm=\"a\",reason=\"cpuid\"} 0\n"
        "basalt_debug_exit_locks_total{vm=\"a\",reason=\"halt\"} 5\n",
        "basalt_debug_exit_allocations_total{vm=\"b\",reason=\"cpuid\"} 6\n",
        "basalt_vcpu_seconds_total{vm=\"b\",vcpu=\"0\",mode=\"run\"} 1.500000000\n",
        "basalt_vcpu_seconds_total{vm=\"b\",vcpu=\"0\",mode=\"steal\"} 0.007000000\n",
        "basalt_vcpu_seconds_total{vm=\"b\",vcpu=\"0\",mode=\"halt\"} 2.000000000\n");
}
