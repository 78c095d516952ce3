// SPDX-License-Identifier: MIT
#include "support/runtime.hpp"

#include <nvtx3/nvToolsExt.h>

#include "core/error.hpp"
#include "support/check.hpp"

namespace shoal::cuda {
namespace {

cudaStream_t as_stream(void* stream) {
    return static_cast<cudaStream_t>(stream);
}

cudaEvent_t as_event(void* event) {
    return static_cast<cudaEvent_t>(event);
}

std::string device_name() {
    int device = 0;
    cudaDeviceProp properties;
    if (cudaGetDevice(&device) != cudaSuccess ||
        cudaGetDeviceProperties(&properties, device) != cudaSuccess) {
        return "device";
    }
    return "device " + std::to_string(device) + " (" + properties.name + ")";
}

nvtxDomainHandle_t domain() {
    static const nvtxDomainHandle_t handle = nvtxDomainCreateA("shoal");
    return handle;
}

}  // namespace

void check_cuda(cudaError_t status, const char* call) {
    if (status == cudaSuccess) {
        return;
    }
    cudaGetLastError();  // an error that is reported here is not reported again by the next call
    const std::string phase = Phase::current();
    std::string message = device_name() + ": ";
    if (!phase.empty()) {
        message += phase + ": ";
    }
    message += std::string(call) + ": " + cudaGetErrorString(status);
    if (status == cudaErrorMemoryAllocation) {
        message += "; --max-memory makes waves smaller";
    } else if (status == cudaErrorNoKernelImageForDevice) {
        message += "; the build was for others (CMake option SHOAL_CUDA_ARCHITECTURES)";
    }
    throw device_error(message);
}

int device_count(std::string* reason) {
    int count = 0;
    const cudaError_t status = cudaGetDeviceCount(&count);
    if (status != cudaSuccess) {
        cudaGetLastError();
        if (reason != nullptr) {
            *reason = cudaGetErrorString(status);
        }
        return 0;
    }
    if (count == 0 && reason != nullptr) {
        *reason = "no CUDA device is visible";
    }
    return count;
}

DeviceLimits device_limits(int device) {
    cudaDeviceProp p;
    check_cuda(cudaGetDeviceProperties(&p, device), "cudaGetDeviceProperties");
    DeviceLimits limits;
    limits.name = p.name;
    limits.capability = 10 * p.major + p.minor;
    limits.multiprocessors = p.multiProcessorCount;
    limits.shared_per_block = static_cast<int>(p.sharedMemPerBlockOptin);
    limits.shared_per_multiprocessor = static_cast<int>(p.sharedMemPerMultiprocessor);
    limits.threads_per_multiprocessor = p.maxThreadsPerMultiProcessor;
    limits.registers_per_multiprocessor = p.regsPerMultiprocessor;
    limits.memory = p.totalGlobalMem;
    return limits;
}

void use_device(int device) {
    check_cuda(cudaSetDevice(device), "cudaSetDevice");
}

std::uint64_t free_device_memory() {
    std::size_t available = 0;
    std::size_t total = 0;
    check_cuda(cudaMemGetInfo(&available, &total), "cudaMemGetInfo");
    return available;
}

namespace raw {

void push_range(const char* name) {
    nvtxEventAttributes_t attributes = {};
    attributes.version = NVTX_VERSION;
    attributes.size = NVTX_EVENT_ATTRIB_STRUCT_SIZE;
    attributes.messageType = NVTX_MESSAGE_TYPE_ASCII;
    attributes.message.ascii = name;
    nvtxDomainRangePushEx(domain(), &attributes);
}
void pop_range() {
    nvtxDomainRangePop(domain());
}
void* allocate(std::size_t bytes) {
    void* memory = nullptr;
    check_cuda(cudaMalloc(&memory, bytes), "cudaMalloc");
    return memory;
}
void release(void* memory) noexcept {
    cudaFree(memory);
}
void* allocate_pinned(std::size_t bytes) {
    void* memory = nullptr;
    check_cuda(cudaMallocHost(&memory, bytes), "cudaMallocHost");
    return memory;
}
void release_pinned(void* memory) noexcept {
    cudaFreeHost(memory);
}
void* make_stream() {
    cudaStream_t stream = nullptr;
    check_cuda(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreate");
    return stream;
}
void release_stream(void* stream) noexcept {
    cudaStreamDestroy(as_stream(stream));
}
void* make_event() {
    cudaEvent_t event = nullptr;
    check_cuda(cudaEventCreate(&event), "cudaEventCreate");
    return event;
}
void release_event(void* event) noexcept {
    cudaEventDestroy(as_event(event));
}
void release_graph(void* graph) noexcept {
    cudaGraphExecDestroy(static_cast<cudaGraphExec_t>(graph));
}
void copy_to_device(void* to, const void* from, std::size_t bytes, void* stream) {
    check_cuda(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, as_stream(stream)),
               "copy to device");
}
void copy_to_host(void* to, const void* from, std::size_t bytes, void* stream) {
    check_cuda(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, as_stream(stream)),
               "copy to host");
}
void copy_on_device(void* to, const void* from, std::size_t bytes, void* stream) {
    check_cuda(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, as_stream(stream)),
               "copy on device");
}

}  // namespace raw

void Stream::synchronize() {
    check_cuda(cudaStreamSynchronize(as_stream(get())), "cudaStreamSynchronize");
}

void Event::record(Stream& stream) {
    check_cuda(cudaEventRecord(as_event(handle_.get()), as_stream(stream.get())),
               "cudaEventRecord");
}
void Event::make_wait(Stream& stream) {
    check_cuda(cudaStreamWaitEvent(as_stream(stream.get()), as_event(handle_.get())),
               "cudaStreamWaitEvent");
}
double Event::seconds_since(const Event& earlier) {
    float milliseconds = 0.0f;
    check_cuda(cudaEventElapsedTime(&milliseconds, as_event(earlier.handle_.get()),
                                    as_event(handle_.get())),
               "cudaEventElapsedTime");
    return 1e-3 * static_cast<double>(milliseconds);
}
void Event::synchronize() {
    check_cuda(cudaEventSynchronize(as_event(handle_.get())), "cudaEventSynchronize");
}

void Graph::begin_capture(Stream& stream) {
    check_cuda(cudaStreamBeginCapture(as_stream(stream.get()), cudaStreamCaptureModeThreadLocal),
               "cudaStreamBeginCapture");
}

Graph Graph::end_capture(Stream& stream) {
    cudaGraph_t captured = nullptr;
    check_cuda(cudaStreamEndCapture(as_stream(stream.get()), &captured), "cudaStreamEndCapture");
    cudaGraphExec_t executable = nullptr;
    const cudaError_t status = cudaGraphInstantiate(&executable, captured, 0);
    cudaGraphDestroy(captured);
    check_cuda(status, "cudaGraphInstantiate");
    Graph graph;
    graph.handle_ = Handle<raw::release_graph>(executable);
    return graph;
}

void Graph::launch(Stream& stream) {
    check_cuda(
        cudaGraphLaunch(static_cast<cudaGraphExec_t>(handle_.get()), as_stream(stream.get())),
        "cudaGraphLaunch");
}

}  // namespace shoal::cuda
