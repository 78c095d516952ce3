# SPDX-License-Identifier: MIT
# Libraries, all from Debian 12 (tools/setup installs them).
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(Eigen3 REQUIRED NO_MODULE)
find_package(Boost REQUIRED)  # Boost::headers, for Boost.Math
find_package(CLI11 REQUIRED)
find_package(HDF5 REQUIRED COMPONENTS C HL)
find_package(PkgConfig REQUIRED)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(hwy REQUIRED IMPORTED_TARGET libhwy)

add_library(shoal_hdf5 INTERFACE)
target_include_directories(shoal_hdf5 SYSTEM INTERFACE ${HDF5_INCLUDE_DIRS})
target_link_libraries(shoal_hdf5 INTERFACE ${HDF5_HL_LIBRARIES} ${HDF5_LIBRARIES})

option(SHOAL_PORTABLE "Link every library but libc statically (tools/gpu-bundle)" OFF)
if(SHOAL_PORTABLE)
  set(Boost_USE_STATIC_LIBS ON)
  include(ShoalPortable)
endif()

if(SHOAL_TESTS)
  find_package(GTest REQUIRED)
  find_package(Boost REQUIRED COMPONENTS context)  # fibers of tests/emu
endif()
