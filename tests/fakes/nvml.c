/* A stand-in for libnvidia-ml.so.1, so that the real bindings run without a GPU.
 * FAKE_NVML: ok | absent (not set) | noenergy | mig | jetson | old | odd | locked
 * FAKE_NVML_THROTTLE: bit field of clock event reasons   FAKE_NVML_GPUS: number of GPUs, each drawing 100 W more than
 * the one before   FAKE_NVML_ODD_GPU: one of another product   FAKE_NVML_PROCESSES, FAKE_NVML_BUSY: of every GPU, in
 * percent the latter   FAKE_NVML_MHZ_STEP: how much the clock moves between two readings
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { OK = 0, UNINITIALIZED = 1, INVALID = 2, NOT_SUPPORTED = 3, NO_PERMISSION = 4, TOO_SMALL = 7, NOT_LOADED = 9, NO_FUNCTION = 13 };
#define WATTS 300.0
#define STEP_S 0.1

static struct timespec start;
static int devices[16];

static const char *mode(void) {
    const char *set = getenv("FAKE_NVML");
    return set ? set : "absent";
}
static int number(const char *name, int otherwise) { const char *set = getenv(name); return set ? atoi(set) : otherwise; }
static int slot(void *device) { return (int)((int *)device - devices); }
static int is(const char *name) { return !strcmp(mode(), name); }
static double elapsed_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - start.tv_sec) + (now.tv_nsec - start.tv_nsec) * 1e-9;
}

int nvmlInit_v2(void) {
    if (is("absent")) return NOT_LOADED;
    clock_gettime(CLOCK_MONOTONIC, &start);
    return OK;
}
int nvmlInitWithFlags(unsigned flags) { (void)flags; return nvmlInit_v2(); }
int nvmlShutdown(void) { return OK; }
const char *nvmlErrorString(int code) { return code == NOT_LOADED ? "Driver Not Loaded" : "Unknown Error"; }
int nvmlSystemGetDriverVersion(char *text, unsigned n) { snprintf(text, n, "580.65.06"); return OK; }
int nvmlDeviceGetCount_v2(unsigned *n) { *n = (unsigned)number("FAKE_NVML_GPUS", 1); return OK; }
int nvmlDeviceGetHandleByPciBusId_v2(const char *text, void **device) {
    unsigned domain, bus;
    if (is("jetson") || sscanf(text, "%x:%x:", &domain, &bus) != 2) return NOT_SUPPORTED;
    *device = &devices[bus % 16];
    return OK;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned i, void **device) { *device = &devices[i % 16]; return OK; }
int nvmlDeviceGetName(void *device, char *text, unsigned n) {
    int odd = is("odd") || slot(device) == number("FAKE_NVML_ODD_GPU", -1);
    snprintf(text, n, is("jetson") ? "Orin (nvgpu)" : odd ? "NVIDIA Prototype 9" : "NVIDIA H200");
    return OK;
}
int nvmlDeviceGetUUID(void *device, char *text, unsigned n) { (void)device; snprintf(text, n, "GPU-0"); return OK; }

struct memory { unsigned long long total, free, used; };
int nvmlDeviceGetMemoryInfo(void *device, struct memory *info) {
    (void)device;
    if (is("jetson")) return NOT_SUPPORTED;
    info->total = 150754820096ull; info->free = info->total; info->used = 0;
    return OK;
}
static double watts(void *device) { return WATTS + 100.0 * slot(device); }
int nvmlDeviceGetPowerUsage(void *device, unsigned *mw) {
    if (is("jetson")) return NOT_SUPPORTED;
    if (is("locked")) return NO_PERMISSION;
    *mw = (unsigned)(is("odd") ? 2 * WATTS * 1000 : watts(device) * 1000);
    return OK;
}

/* nvmlFieldValue_t: fieldId, scopeId, timestamp, latencyUsec, valueType, nvmlReturn, value */
struct field { unsigned id, scope; long long timestamp, latency; unsigned type; int code; unsigned long long value; };
int nvmlDeviceGetFieldValues(void *device, int n, struct field *values) {
    for (int i = 0; i < n; i++) {
        values[i].code = is("ok") && values[i].id == 186 ? OK : NOT_SUPPORTED;
        values[i].type = 1;
        values[i].value = (unsigned long long)(watts(device) * 1000);
    }
    return OK;
}
int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *mj) {
    if (is("jetson") || is("noenergy")) return NOT_SUPPORTED;
    double counted_s = (long)(elapsed_s() / STEP_S) * STEP_S; /* moves in steps, as a real counter does */
    *mj = 5000000ull + (unsigned long long)(watts(device) * 1000 * counted_s);
    return OK;
}
int nvmlDeviceGetEnforcedPowerLimit(void *device, unsigned *mw) {
    (void)device;
    if (is("jetson")) return NOT_SUPPORTED;
    *mw = 700000;
    return OK;
}
int nvmlDeviceGetMaxClockInfo(void *device, int kind, unsigned *mhz) { (void)device; *mhz = kind == 1 ? 1980 : 3201; return OK; }
int nvmlDeviceGetClockInfo(void *device, int kind, unsigned *mhz) {
    static unsigned n;
    nvmlDeviceGetMaxClockInfo(device, kind, mhz);
    *mhz -= kind == 1 ? number("FAKE_NVML_MHZ_STEP", 0) * (n++ % 20) : 0;
    return OK;
}
int nvmlDeviceGetUtilizationRates(void *device, unsigned rates[2]) {
    (void)device;
    rates[0] = (unsigned)number("FAKE_NVML_BUSY", 0); rates[1] = 0;
    return is("jetson") ? NOT_SUPPORTED : OK;
}
int nvmlDeviceGetTemperature(void *device, int kind, unsigned *celsius) { (void)device; (void)kind; *celsius = 41; return OK; }
int nvmlDeviceGetCurrentClocksEventReasons(void *device, unsigned long long *bits) {
    (void)device;
    if (is("old")) return NO_FUNCTION;
    const char *set = getenv("FAKE_NVML_THROTTLE");
    *bits = set ? strtoull(set, 0, 0) : 1;
    return OK;
}
int nvmlDeviceGetMigMode(void *device, unsigned *now, unsigned *pending) {
    (void)device;
    if (is("jetson")) return NOT_SUPPORTED;
    *now = *pending = is("mig");
    return OK;
}
struct process { unsigned pid; unsigned long long bytes; unsigned instance, compute; };
int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned *n, struct process *found) {
    (void)device;
    unsigned room = *n;
    *n = (unsigned)number("FAKE_NVML_PROCESSES", 0);
    if (is("jetson")) return NOT_SUPPORTED;
    if (room < *n) return TOO_SMALL;
    for (unsigned i = 0; i < *n; i++) found[i] = (struct process){1000 + i, 1, -1, -1};
    return OK;
}
