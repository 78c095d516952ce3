# SPDX-License-Identifier: MIT
shoal_test(cuda_policy SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/test_cuda_policy.cpp
                               ${CMAKE_CURRENT_SOURCE_DIR}/test_cuda_gradient_policy.cpp LINK shoal_cuda_host)
