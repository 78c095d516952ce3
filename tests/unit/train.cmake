# SPDX-License-Identifier: MIT
shoal_test(train SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/test_train_acceptance.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_train_waves.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_train_population.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_train_gradient.cpp
                         ${CMAKE_CURRENT_SOURCE_DIR}/test_segments.cpp
           LINK shoal_train)
# Whether training learns. A sanitizer, a hundred times slower, would see the code of the tests above
# again and nothing else.
if(NOT SHOAL_SANITIZE)
  shoal_test(lessons SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/test_train_tasks.cpp LINK shoal_train)
endif()
