# SPDX-License-Identifier: MIT
shoal_test(train SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/test_train_acceptance.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_train_company.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_train_accept_rule.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_train_waves.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_train_population.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_train_gradient.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_segments.cpp
           LINK shoal_train)
# Whether training learns every task. Under a sanitizer, a hundred times slower, the first iterations
# are enough: all others run the same code.
if(SHOAL_SANITIZE)
  set(lessons FILTER -*IsSolvedByASmallNetwork*)
endif()
shoal_test(lessons SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/test_train_tasks.cpp LINK shoal_train ${lessons})
