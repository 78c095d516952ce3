# SPDX-License-Identifier: MIT
shoal_test(task SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/test_task.cpp
                        ${CMAKE_CURRENT_SOURCE_DIR}/test_task_overlap.cpp
                        ${CMAKE_CURRENT_SOURCE_DIR}/test_task_kinds.cpp
                        ${CMAKE_CURRENT_SOURCE_DIR}/test_task_memory.cpp
                        ${CMAKE_CURRENT_SOURCE_DIR}/test_task_streams.cpp
           LINK shoal_backend)
