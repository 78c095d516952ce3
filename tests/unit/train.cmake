# SPDX-License-Identifier: MIT
shoal_test(train SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/test_train_acceptance.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_train_waves.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_train_population.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_train_gradient.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_train_tasks.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_segments.cpp
           LINK shoal_train)
