/* A stand-in for libcuda.so.1 and libcublasLt.so.12 with a clock of its own: every kernel takes the time that its bytes
 * and operations need at FAKE_GB_PER_S and FAKE_TFLOPS (twice that in fp8), so what is measured is known beforehand.
 * Addresses are numbers, no memory is behind them. Each GPU has its own clock, one of them half the speed with
 * FAKE_SLOW_GPU. FAKE_CUDA: ok | absent (not set) | none | nofp8 | turing | nograph | full | taken | mig
 * FAKE_ROOM: bytes that may be allocated at once   FAKE_CUDA_FIRST: slot of the first GPU this process sees
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OK = 0, INVALID = 1, OUT_OF_MEMORY = 2, NO_DEVICE = 100, LT_INVALID = 7, LT_NOT_SUPPORTED = 15 };
typedef struct { const char *name; double bytes_per_element; int n_arrays; } Kernel;
static Kernel kernels[] = {{"copy", 32, 2}, {"triad", 48, 3}, {"readsum", 16, 2}, {"empty", 0, 0}};
typedef struct { double now_s; } Gpu;
static Gpu gpus[16];
static _Atomic int n_live;
static _Atomic uint64_t next_address = 1 << 20;
static __thread Gpu *current;
static __thread double graph_s;
static __thread int capturing;
static int module_;
static const double LAUNCH_S = 2e-6, GRAPH_KERNEL_S = 1e-6;

static double number(const char *name, double otherwise) { const char *set = getenv(name); return set ? atof(set) : otherwise; }
static double speed(void) { return current - gpus == (int)number("FAKE_SLOW_GPU", -1) ? 0.5 : 1; }
static double bytes_per_s(void) { return number("FAKE_GB_PER_S", 4000) * 1e9 * speed(); }
static int is_gpu(void *held) { return held >= (void *)gpus && held < (void *)(gpus + 16); }
static int first(void) { return (int)number("FAKE_CUDA_FIRST", 0); }
static int is(const char *name) { const char *set = getenv("FAKE_CUDA"); return !strcmp(set ? set : "absent", name); }
int fake_live(void) { return n_live; }

int cuInit(unsigned flags) { return flags ? INVALID : is("absent") ? NO_DEVICE : OK; }
int cuGetErrorName(int code, const char **text) {
    *text = code == NO_DEVICE ? "CUDA_ERROR_NO_DEVICE" : code == OUT_OF_MEMORY ? "CUDA_ERROR_OUT_OF_MEMORY" : 0;
    return *text ? OK : INVALID;
}
int cuDeviceGetCount(int *n) { *n = is("none") ? 0 : (int)number("FAKE_NVML_GPUS", 1) - first(); return OK; }
int cuDeviceGet(int *device, int index) {
    int n;
    *device = index + first();
    return cuDeviceGetCount(&n) == OK && index < n ? OK : INVALID;
}
int cuDeviceGetName(char *text, int n, int device) {
    (void)device;
    snprintf(text, n, is("mig") ? "NVIDIA H200 MIG 1g.18gb" : "NVIDIA H200");
    return OK;
}
int cuDeviceGetPCIBusId(char *text, int n, int device) { snprintf(text, n, "0000:%02X:00.0", device); return OK; }
int cuDriverGetVersion(int *version) { *version = 13000; return OK; }
int cuDevicePrimaryCtxRetain(void **held, int device) {
    if (is("taken")) return OUT_OF_MEMORY;
    *held = &gpus[device]; n_live++;
    return OK;
}
int cuDevicePrimaryCtxRelease_v2(int device) { (void)device; n_live--; return OK; }
int cuCtxSetCurrent(void *held) { current = held; return is_gpu(held) ? OK : INVALID; }
int cuModuleLoadData(void **module, const char *text) {
    *module = &module_; n_live++;
    return strstr(text, ".version 6.0") && strstr(text, ".entry readsum") ? OK : INVALID;
}
int cuModuleUnload(void *module) { n_live--; return module == &module_ ? OK : INVALID; }
int cuModuleGetFunction(void **function, void *module, const char *name) {
    for (int i = 0; i < 4; i++)
        if (!strcmp(kernels[i].name, name)) { *function = &kernels[i]; return module == &module_ ? OK : INVALID; }
    return INVALID;
}
int cuStreamCreate(void **stream, unsigned flags) { *stream = current; n_live++; return flags == 1 ? OK : INVALID; }
int cuStreamDestroy_v2(void *stream) { n_live--; return is_gpu(stream) ? OK : INVALID; }
int cuStreamSynchronize(void *stream) { return is_gpu(stream) ? OK : INVALID; }
int cuDeviceGetAttribute(int *value, int which, int device) {
    (void)device;
    *value = which == 16 ? 132 : which == 38 ? 50 << 20 : which == 75 ? (is("turing") ? 7 : 9) : which == 76 ? (is("turing") ? 5 : 0) : -1;
    return *value < 0 ? INVALID : OK;
}
int cuMemGetInfo_v2(size_t *free_bytes, size_t *total) { 
    *free_bytes = is("mig") ? 17ull << 30 : 140ull << 30;
    *total = is("mig") ? 18ull << 30 : 141ull << 30;
    return OK;
}
int cuMemAlloc_v2(uint64_t *at, size_t n) {
    if (is("full") || n > number("FAKE_ROOM", 1e15)) return OUT_OF_MEMORY;
    *at = next_address; next_address += n; n_live++;
    return n ? OK : INVALID;
}
int cuMemFree_v2(uint64_t at) { n_live--; return at ? OK : INVALID; }
int cuMemcpyHtoD_v2(uint64_t to, const void *from, size_t n) { return to && from && n ? OK : INVALID; }
int cuMemcpyDtoD_v2(uint64_t to, uint64_t from, size_t n) { return to > from && n ? OK : INVALID; }
int cuCtxSynchronize(void) { return current ? OK : INVALID; }
int cuLaunchKernel(Kernel *kernel, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                   unsigned shared, void *stream, void **parameters, void **extra) {
    if (!gx || gy != 1 || gz != 1 || bx != 256 || by != 1 || bz != 1 || shared || !is_gpu(stream) || extra) return INVALID;
    double took_s = LAUNCH_S;
    if (kernel->n_arrays) {
        for (int i = 0; i < kernel->n_arrays; i++) if (!*(uint64_t *)parameters[i]) return INVALID;
        took_s = kernel->bytes_per_element * *(uint64_t *)parameters[kernel->n_arrays] / bytes_per_s();
    }
    if (capturing) graph_s += GRAPH_KERNEL_S; else ((Gpu *)stream)->now_s += took_s;
    return OK;
}
int cuEventCreate(double **event, unsigned flags) { *event = malloc(sizeof(double)); n_live++; return flags ? INVALID : OK; }
int cuEventDestroy_v2(double *event) { free(event); n_live--; return OK; }
int cuEventRecord(double *event, void *stream) { *event = ((Gpu *)stream)->now_s; return is_gpu(stream) ? OK : INVALID; }
int cuEventSynchronize(double *event) { return event ? OK : INVALID; }
int cuEventElapsedTime(float *ms, double *began, double *ended) { *ms = (float)((*ended - *began) * 1e3); return OK; }
int cuStreamBeginCapture_v2(void *stream, int how) {
    if (is("nograph")) return INVALID;
    capturing = 1; graph_s = 0;
    return is_gpu(stream) && how == 1 ? OK : INVALID;
}
int cuStreamEndCapture(void *stream, void **graph) { capturing = 0; *graph = &graph_s; n_live++; return is_gpu(stream) ? OK : INVALID; }
int cuGraphInstantiateWithFlags(void **ready, void *graph, unsigned long long flags) {
    *ready = graph; n_live++;
    return flags ? INVALID : OK;
}
int cuGraphLaunch(double *graph, void *stream) { ((Gpu *)stream)->now_s += *graph; return is_gpu(stream) ? OK : INVALID; }
int cuGraphExecDestroy(void *graph) { n_live--; return graph ? OK : INVALID; }
int cuGraphDestroy(void *graph) { n_live--; return graph ? OK : INVALID; }

/* ---- cuBLASLt */
typedef struct { int kind; uint64_t rows, columns; int64_t stride; } Layout;
typedef struct { uint64_t algorithm[8]; size_t workspace; int state; float waves; int reserved[4]; } Heuristic;
static int handle;
static __thread int transposed;
int cublasLtCreate(void **held) { *held = &handle; n_live++; return OK; }
int cublasLtDestroy(void *held) { n_live--; return held == &handle ? OK : LT_INVALID; }
int cublasLtMatmulDescCreate(void **held, int compute, int scale) {
    *held = &transposed; transposed = 0; n_live++;
    return compute == 68 && scale == 0 ? OK : LT_INVALID;
}
int cublasLtMatmulDescDestroy(void *held) { n_live--; return held ? OK : LT_INVALID; }
int cublasLtMatmulDescSetAttribute(void *held, int which, const int32_t *value, size_t n) {
    transposed = which == 3 && *value == 1;
    return held == &transposed && transposed && n == 4 ? OK : LT_INVALID;
}
int cublasLtMatrixLayoutCreate(Layout **held, int kind, uint64_t rows, uint64_t columns, int64_t stride) {
    *held = malloc(sizeof(Layout)); n_live++;
    **held = (Layout){kind, rows, columns, stride};
    return stride == (int64_t)rows ? OK : LT_INVALID;
}
int cublasLtMatrixLayoutDestroy(Layout *held) { free(held); n_live--; return OK; }
int cublasLtMatmulPreferenceCreate(void **held) { *held = &handle; n_live++; return OK; }
int cublasLtMatmulPreferenceDestroy(void *held) { n_live--; return held ? OK : LT_INVALID; }
int cublasLtMatmulPreferenceSetAttribute(void *held, int which, const uint64_t *value, size_t n) {
    return held && which == 1 && *value == 32 << 20 && n == 8 ? OK : LT_INVALID;
}
int cublasLtMatmulAlgoGetHeuristic(void *held, void *what, Layout *a, Layout *b, Layout *c, Layout *d, void *preference,
                                   int asked, Heuristic *found, int *n_found) {
    if (held != &handle || what != &transposed || !preference || asked != 1 || c != d) return LT_INVALID;
    if (a->kind != b->kind || d->kind != (a->kind == 2 ? 2 : 14) || a->rows != b->rows || d->rows != a->columns || d->columns != b->columns)
        return LT_INVALID;
    if ((a->kind == 28 && is("nofp8")) || (a->kind != 2 && is("turing"))) return LT_NOT_SUPPORTED;
    found->algorithm[0] = 42;
    *n_found = 1;
    return OK;
}
int cublasLtMatmul(void *held, void *what, const float *alpha, const void *pa, Layout *a, const void *pb, Layout *b,
                   const float *beta, const void *pc, Layout *c, void *pd, Layout *d, const Heuristic *chosen,
                   void *workspace, size_t workspace_bytes, void *stream) {
    if (held != &handle || what != &transposed || *alpha != 1 || *beta != 0 || !pa || !pb || pc != pd || c != d) return LT_INVALID;
    if (chosen->algorithm[0] != 42 || !workspace || workspace_bytes != 32 << 20 || !is_gpu(stream)) return LT_INVALID;
    double size = a->kind == 28 ? 1 : 2, flops = number("FAKE_TFLOPS", 800) * 1e12 * speed() * (a->kind == 28 ? 2 : 1);
    double compute_s = 2.0 * a->columns * b->columns * a->rows / flops;
    double memory_s = size * a->columns * a->rows / bytes_per_s();
    ((Gpu *)stream)->now_s += compute_s > memory_s ? compute_s : memory_s;
    return OK;
}
