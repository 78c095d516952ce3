# SPDX-License-Identifier: MIT
# Debian packages by CPack: shoal, libshoal-dev, and shoal-mpi and shoal-cuda in builds
# that have them. tools/package makes them.
set(SHOAL_MAINTAINER "The shoal authors <shoal@shoal.invalid>" CACHE STRING
    "Who answers for the packages: Name <address>")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME shoal)
set(CPACK_PACKAGE_VENDOR "The shoal authors")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
                                                WORLD_READ WORLD_EXECUTE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${SHOAL_MAINTAINER}")
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(same_version "(= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})")

# shoal_package(COMPONENT NAME section "synopsis" "description"): with the files that Debian asks of every
# package. A variable CPACK_DEBIAN_<COMPONENT>_... says what else is particular to it.
function(shoal_package component name section synopsis description)
  string(TOUPPER ${component} id)
  set(CPACK_DEBIAN_${id}_PACKAGE_NAME ${name} PARENT_SCOPE)
  set(CPACK_DEBIAN_${id}_PACKAGE_SECTION ${section} PARENT_SCOPE)
  set(CPACK_DEBIAN_${id}_DESCRIPTION "${synopsis}\n${description}" PARENT_SCOPE)
  set(CPACK_COMPONENTS_ALL ${CPACK_COMPONENTS_ALL} ${component} PARENT_SCOPE)

  set(folder ${PROJECT_BINARY_DIR}/debian/${name})
  file(READ tools/cmake/debian/copyright copyright)
  if(EXISTS ${PROJECT_SOURCE_DIR}/tools/cmake/debian/copyright-${component})
    file(READ tools/cmake/debian/copyright-${component} more)
    string(APPEND copyright "${more}")
  endif()
  file(WRITE ${folder}/copyright "${copyright}")
  string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)  # of SOURCE_DATE_EPOCH, if that is set
  file(WRITE ${folder}/changelog.Debian
       "shoal (${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) unstable; urgency=medium\n\n"
       "  * Version ${PROJECT_VERSION}.\n\n -- ${SHOAL_MAINTAINER}  ${date}\n")
  execute_process(COMMAND gzip -9 --no-name --force ${folder}/changelog.Debian COMMAND_ERROR_IS_FATAL ANY)
  install(DIRECTORY ${folder} DESTINATION ${CMAKE_INSTALL_DATADIR}/doc COMPONENT ${component} EXCLUDE_FROM_ALL)
endfunction()

shoal_package(program shoal science "trains thousands of small recurrent networks in batches"
"shoal trains hundreds to thousands of small recurrent neural networks side
by side on working-memory tasks, by FORCE or by gradients, tests each of
them, finds out how each one remembers (at fixed points, along slow
manifolds, on limit cycles, in chaos), and reports on the whole population
with confidence intervals.
.
It needs no GPU. The package shoal-cuda adds the backend for NVIDIA GPUs.")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SUGGESTS
    "shoal-cuda ${same_version}, shoal-mpi ${same_version}, python3-h5py, python3-numpy, python3-pandas, python3-xarray, python3-xxhash")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/tools/cmake/debian/prerm)

shoal_package(development libshoal-dev libdevel "small recurrent networks in batches (development files)"
"shoal trains thousands of small recurrent neural networks side by side and
finds out how each one remembers.
.
This package has the static libraries and headers of what the program does,
for programs in C++20, with files for CMake's find_package(shoal) and an
example.")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
    "libboost-dev, libeigen3-dev, libfmt-dev, libhdf5-dev, libhwy-dev, libxxhash-dev, libyaml-cpp-dev"
    "nlohmann-json3-dev, pkg-config")
list(JOIN CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS ", " CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS)

if(SHOAL_MPI)
  shoal_package(mpi shoal-mpi science "trains small recurrent networks in batches (ranks of mpirun)"
"shoal trains thousands of small recurrent neural networks side by side and
finds out how each one remembers.
.
With this package mpirun -n 8 shoal run shares a population out among
processes, on one machine or on many.")
  set(CPACK_DEBIAN_MPI_PACKAGE_SHLIBDEPS ON)
  set(CPACK_DEBIAN_MPI_PACKAGE_DEPENDS "shoal ${same_version}, openmpi-bin")
endif()

if(SHOAL_CUDA)
  find_package(CUDAToolkit REQUIRED)
  # The oldest driver for the toolkit's major version (CUDA's release notes, "minor version compatibility").
  set(driver 525)
  if(CUDAToolkit_VERSION_MAJOR GREATER_EQUAL 13)
    set(driver 580)
  endif()
  shoal_package(cuda shoal-cuda non-free/science "trains small recurrent networks in batches (NVIDIA GPUs)"
"shoal trains thousands of small recurrent neural networks side by side and
finds out how each one remembers.
.
This package has its backend for NVIDIA GPUs of compute capability 8.0 or
later, with the CUDA runtime linked in. It needs NVIDIA's driver, version
${driver} or later; shoal bench needs cuBLAS of CUDA ${CUDAToolkit_VERSION_MAJOR} as well.")
  set(CPACK_DEBIAN_CUDA_PACKAGE_SHLIBDEPS ON)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CUDAToolkit_LIBRARY_DIR})  # of cuBLAS
  set(CPACK_DEBIAN_CUDA_PACKAGE_DEPENDS "shoal ${same_version}")
  set(CPACK_DEBIAN_CUDA_PACKAGE_RECOMMENDS "libcuda1 (>= ${driver})")
  set(CPACK_DEBIAN_CUDA_PACKAGE_SUGGESTS "libcublas-${CUDAToolkit_VERSION_MAJOR}-${CUDAToolkit_VERSION_MINOR}")
endif()

include(CPack)
