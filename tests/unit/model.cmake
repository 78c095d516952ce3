# SPDX-License-Identifier: MIT
shoal_test(model SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/test_model.cpp LINK shoal_model)
shoal_test(task SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/test_task.cpp LINK shoal_task)
