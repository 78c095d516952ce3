# SPDX-License-Identifier: MIT
# SHOAL_PORTABLE: programs that need nothing of the machine they run on but libc of glibc 2.34 or later.
# Every library that ShoalDependencies found is replaced by its archive; tools/gpu-bundle builds this way.
function(portable_archive variable name)
  find_library(PORTABLE_${name} NAMES lib${name}.a PATH_SUFFIXES hdf5/serial REQUIRED)
  set(${variable} ${PORTABLE_${name}} PARENT_SCOPE)
endfunction()

add_library(shoal_portable STATIC ${CMAKE_CURRENT_LIST_DIR}/portable/old_glibc.cpp
                                  ${CMAKE_CURRENT_LIST_DIR}/portable/highway_targets.cpp)
# -u: libgcc and libstdc++ ask after this archive has been searched.
target_link_options(shoal_portable INTERFACE -static-libstdc++ -static-libgcc
                    -Wl,--wrap=hypot -Wl,-u,__wrap_hypot -Wl,-u,_dl_find_object -Wl,-u,arc4random)
target_link_libraries(shoal_compiler INTERFACE shoal_portable)

# The CUDA library throws by the program's functions and its frames are unwound by the program's: libgcc's
# functions are hidden and each copy sets itself up when something is thrown with it.
target_link_options(shoal_portable INTERFACE "LINKER:--export-dynamic-symbol=__cxa_*"
                    LINKER:--export-dynamic-symbol=__gxx_personality_v0)

set_property(TARGET PkgConfig::hwy PROPERTY INTERFACE_LINK_LIBRARIES shoal_portable)
portable_archive(archive xxhash)
set_property(TARGET PkgConfig::xxhash PROPERTY INTERFACE_LINK_LIBRARIES ${archive})
portable_archive(archive yaml-cpp)
set_property(TARGET yaml-cpp PROPERTY IMPORTED_LOCATION_NONE ${archive})
# Debian has no archive of fmt; unused as a library, it is dropped by --as-needed.
set_property(TARGET fmt::fmt APPEND PROPERTY INTERFACE_COMPILE_DEFINITIONS FMT_HEADER_ONLY=1)

set(archives "")
foreach(name hdf5_hl hdf5 sz aec z)
  portable_archive(archive ${name})
  list(APPEND archives ${archive})
endforeach()
set_property(TARGET shoal_hdf5 PROPERTY INTERFACE_LINK_LIBRARIES ${archives} ${CMAKE_DL_LIBS} m)
