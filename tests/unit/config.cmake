# SPDX-License-Identifier: MIT
shoal_test(config SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/test_config.cpp LINK shoal_config)
