# SPDX-License-Identifier: MIT
find_program(SHOAL_CCACHE ccache)
if(SHOAL_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  # Precompiled headers: ccache looks at their text itself.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${SHOAL_CCACHE})
endif()

# One interface target carries the compiler settings of all our own code (cuda/CMakeLists.txt has
# nvcc's).
set(compiler_options
    -Wall -Wextra -Wshadow -Wconversion -Wnon-virtual-dtor
    # Contraction changes bits with the instruction set: fused operations are written out.
    -ffp-contract=off)
if(SHOAL_WERROR)
  list(APPEND compiler_options -Werror)
endif()
add_library(shoal_compiler INTERFACE)
target_compile_options(shoal_compiler INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:${compiler_options}>")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(shoal_compiler INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)  # for ccache
endif()
if(SHOAL_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Instrumented code confuses g++ 12's flow analysis: false alarms inside std::variant.
  target_compile_options(shoal_compiler INTERFACE -Wno-maybe-uninitialized)
  if(SHOAL_SANITIZE MATCHES "thread")
    target_compile_options(shoal_compiler INTERFACE -Wno-use-after-free)  # the same, inside Eigen
  endif()
endif()
if(SHOAL_FUZZ)
  # Coverage for libFuzzer in everything, its main() only in the targets of tests/fuzz.
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_compile_definitions(FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION HWY_COMPILE_ONLY_STATIC)
endif()
if(SHOAL_SANITIZE)
  # Without -fno-sanitize-recover undefined behaviour is printed and the test still passes.
  add_compile_options(-fsanitize=${SHOAL_SANITIZE} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer -g1)
  add_link_options(-fsanitize=${SHOAL_SANITIZE})
endif()
target_link_options(shoal_compiler INTERFACE -Wl,--as-needed)
if(NOT SHOAL_SANITIZE)
  # Hardening, as Debian asks of packages, in every build: what is tested is what is shipped.
  set(fortified $<AND:$<COMPILE_LANGUAGE:CXX>,$<CONFIG:Release>>)  # needs -O
  target_compile_options(shoal_compiler INTERFACE
                         $<$<COMPILE_LANGUAGE:CXX>:-fstack-protector-strong>
                         "$<${fortified}:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>")
  target_link_options(shoal_compiler INTERFACE -Wl,-z,relro,-z,now)
endif()
target_include_directories(shoal_compiler INTERFACE ${PROJECT_SOURCE_DIR}/host)

# Several files at once are one unit of the compiler: most of its time goes into headers and into templates that
# many files need. Names at the top of a file are therefore unique within its library. Off (preset dev), a change
# of one file compiles that file alone.
option(SHOAL_UNITY "Compile several files of a library as one: a fresh build of the program takes three fifths of the processor time" ON)
if(SHOAL_UNITY AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # A file is not the main one of its unit: types of its unnamed namespace look as if a header had them.
  target_compile_options(shoal_compiler INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-subobject-linkage>)
endif()

# shoal_unity(TARGET files): so many files at once. Files that Highway compiles once per instruction set stand alone.
function(shoal_unity target files)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${SHOAL_UNITY} UNITY_BUILD_BATCH_SIZE ${files})
endfunction()
function(shoal_alone)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# shoal_precompile(TARGET headers...): heavy headers that most of its files include anyway.
function(shoal_precompile target)
  list(TRANSFORM ARGN PREPEND "<")
  list(TRANSFORM ARGN APPEND ">")
  target_precompile_headers(${target} PRIVATE ${ARGN})
endfunction()

# shoal_library(NAME folder sources... LINK targets... [PRECOMPILE headers...] [FILES n]): a static library of one
# host folder, n files (12) at once. Without PRECOMPILE it uses what core precompiles, and so it does where the
# library is one unit anyway.
function(shoal_library name)
  cmake_parse_arguments(ARG "" "FILES" "SOURCES;LINK;PRECOMPILE" ${ARGN})
  add_library(shoal_${name} STATIC ${ARG_SOURCES})
  if(NOT ARG_FILES)
    set(ARG_FILES 12)
  endif()
  shoal_unity(shoal_${name} ${ARG_FILES})
  # Our warnings and folders are not for whoever uses the installed library.
  target_link_libraries(shoal_${name} PUBLIC $<BUILD_INTERFACE:shoal_compiler> ${ARG_LINK})
  if(ARG_PRECOMPILE AND (NOT SHOAL_UNITY OR name STREQUAL core))
    shoal_precompile(shoal_${name} ${ARG_PRECOMPILE})
  else()
    target_precompile_headers(shoal_${name} REUSE_FROM shoal_core)
  endif()
  if(SHOAL_FUZZ AND name MATCHES "^(analysis|backend|model|papers|stats)$")
    # Linked, but no fuzz target runs them: they are built plainly, which saves most of the time.
    target_compile_options(shoal_${name} PRIVATE -fno-sanitize=all -O0)
    set_target_properties(shoal_${name} PROPERTIES DISABLE_PRECOMPILE_HEADERS ON)
  endif()
endfunction()
