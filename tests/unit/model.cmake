# SPDX-License-Identifier: MIT
shoal_test(model SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/test_model.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_model_cells.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_model_initialisers.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_model_locking.cpp
           LINK shoal_model)
