# SPDX-License-Identifier: MIT
# The further checks of tools/check --all as tests named all.*, so that one summary covers everything.
# tools/check builds the other folders that they use before it runs them.
function(shoal_check name)
  add_test(NAME all.${name} COMMAND ${ARGN} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(all.${name} PROPERTIES TIMEOUT 2700 RUN_SERIAL ON)
endfunction()

shoal_check(sanitizers ${CMAKE_CTEST_COMMAND} --preset sanitizers --parallel 2)
shoal_check(tsan ${CMAKE_CTEST_COMMAND} --preset tsan --parallel 2)
shoal_check(format ${PROJECT_SOURCE_DIR}/tools/check_format)
shoal_check(tidy ${PROJECT_SOURCE_DIR}/tools/check_tidy)
shoal_check(readme /usr/bin/python3 ${PROJECT_SOURCE_DIR}/tests/cli/test_readme.py
            --program $<TARGET_FILE:shoal>)
shoal_check(slurm /usr/bin/python3 ${PROJECT_SOURCE_DIR}/tests/slurm/test_slurm.py
            --program $<TARGET_FILE:shoal>)
set_tests_properties(all.slurm PROPERTIES TIMEOUT 900 SKIP_RETURN_CODE 77)
if(TARGET shoal_manual)
  shoal_check(package ${PROJECT_SOURCE_DIR}/tests/package/test_package)
  set_tests_properties(all.package PROPERTIES SKIP_RETURN_CODE 77)
endif()
find_program(SHOAL_CHROMIUM NAMES chromium chromium-browser google-chrome)
if(SHOAL_CHROMIUM)
  shoal_check(report ${PROJECT_SOURCE_DIR}/tools/report_check --program $<TARGET_FILE:shoal>)
endif()
