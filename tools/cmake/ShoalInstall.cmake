# SPDX-License-Identifier: MIT
# What cmake --install lays out. Components: program, cuda, mpi, development; `plain` is what a Debian package
# says in another way. Nothing that is installed looks for the source or build tree.
include(GNUInstallDirs)
set(share ${CMAKE_INSTALL_DATADIR}/shoal)

install(TARGETS shoal RUNTIME COMPONENT program)

# shoal_install_plugin(COMPONENT targets...): libraries that the program loads if they are there. It looks for
# them in ../lib/shoal from its own folder, whatever the system's folder of libraries is called.
function(shoal_install_plugin component)
  install(TARGETS ${ARGN} LIBRARY DESTINATION lib/shoal COMPONENT ${component})
endfunction()
if(SHOAL_CUDA)
  shoal_install_plugin(cuda shoal_cuda shoal_cublas)
endif()
if(SHOAL_MPI)
  shoal_install_plugin(mpi shoal_mpi)
endif()

# Configurations, the reader for Python, documents.
install(DIRECTORY configs DESTINATION ${share} COMPONENT program)
install(DIRECTORY tools/python/shoal_reader DESTINATION ${share}/python COMPONENT program
        FILES_MATCHING PATTERN *.py PATTERN __pycache__ EXCLUDE)
install(PROGRAMS tools/python/example.py DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples/python COMPONENT program)
# README.md and all that it leads to, in the places that their links name (docs.pages compares).
set(pages README.md README.assets/result.png PAPERS.md CHANGELOG.md CITATION.cff CONTRIBUTING.md
          configs/README.md configs/data/README.md
          cuda/README.md host/README.md host/MATHEMATICS.md
          tests/emu/README.md tests/fuzz/README.md
          tools/INSTALL.md tools/python/README.md tools/slurm/README.md
          tools/bench/README.md tools/bench/results/README.md
          tools/bench/results/bptt-cpu-epyc-2core-2026-11-25.txt
          tools/bench/results/scale-cpu-epyc-2core-2026-11-25.txt)
foreach(page IN LISTS pages)
  cmake_path(GET page PARENT_PATH folder)
  install(FILES ${page} DESTINATION ${CMAKE_INSTALL_DOCDIR}/${folder} COMPONENT program)
endforeach()
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT plain)

if(TARGET shoal_manual)
  set(manual ${PROJECT_BINARY_DIR}/manual)
  set(SHOAL_ZSH_COMPLETIONS ${CMAKE_INSTALL_DATADIR}/zsh/site-functions CACHE STRING
      "Folder for zsh's completion; Debian's packages use share/zsh/vendor-completions")
  install(DIRECTORY ${manual}/man1 DESTINATION ${CMAKE_INSTALL_MANDIR} COMPONENT program)
  install(FILES ${manual}/shoal.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
          RENAME shoal COMPONENT program)
  install(FILES ${manual}/_shoal DESTINATION ${SHOAL_ZSH_COMPLETIONS} COMPONENT program)
  install(FILES ${manual}/shoal.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d
          COMPONENT program)
endif()

# The library: shoal::core ... shoal::papers. Headers of the program (cli) and of a backend's inside are not
# for others. Consumers include "shoal/config/config.hpp"; the headers themselves "config/spec.hpp".
set(headers ${CMAKE_INSTALL_INCLUDEDIR}/shoal)
foreach(folder core config model task backend records store train analysis stats papers)
  set_target_properties(shoal_${folder} PROPERTIES EXPORT_NAME ${folder})
  target_include_directories(shoal_${folder} INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
                                                       $<INSTALL_INTERFACE:${headers}>)
  install(TARGETS shoal_${folder} EXPORT shoal ARCHIVE COMPONENT development)
  install(DIRECTORY host/${folder} DESTINATION ${headers} COMPONENT development
          FILES_MATCHING PATTERN *.hpp PATTERN *_inl.hpp EXCLUDE PATTERN cpu EXCLUDE PATTERN reference EXCLUDE
                                   PATTERN page EXCLUDE)
endforeach()
target_compile_features(shoal_core INTERFACE cxx_std_20)
# Of an inline function the linker keeps one copy, perhaps the consumer's: it must give the library's bits.
target_compile_options(shoal_core INTERFACE
                       $<INSTALL_INTERFACE:$<$<COMPILE_LANGUAGE:CXX>:-ffp-contract=off>>)

include(CMakePackageConfigHelpers)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/shoal)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/shoalConfig.cmake.in shoalConfig.cmake
                              INSTALL_DESTINATION ${package})
write_basic_package_version_file(shoalConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/shoalConfig.cmake ${PROJECT_BINARY_DIR}/shoalConfigVersion.cmake
        DESTINATION ${package} COMPONENT development)
install(EXPORT shoal NAMESPACE shoal:: DESTINATION ${package} FILE shoalTargets.cmake COMPONENT development)
install(FILES tools/example/CMakeLists.txt tools/example/fixed_points.cpp tools/example/two_networks.yaml
        DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples/library COMPONENT development)
