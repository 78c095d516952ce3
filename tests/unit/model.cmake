# SPDX-License-Identifier: MIT
shoal_test(model SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/test_model.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_model_initialisers.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_model_locking.cpp
           LINK shoal_model Eigen3::Eigen)
shoal_test(task SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/test_task.cpp
                       ${CMAKE_CURRENT_SOURCE_DIR}/test_task_overlap.cpp
           LINK shoal_backend)
