# Installs libtijori (the target `tijori`, and `tijori_shared` where it is built), its one header,
# tijori.pc and the CMake package that find_package(tijori) finds, with tijori::tijori and
# tijori::tijori_shared in it. Programs are installed by cli/.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(libraries tijori)
if(TARGET tijori_shared)
  list(APPEND libraries tijori_shared)
endif()

# What a static libtijori.a leaves undefined, its user must link; a shared one has it resolved.
set(tijori_modules "libsecp256k1 >= 0.2.0, lmdb, libcrypto >= 3.0")
if(TARGET tijori_shared)
  set(TIJORI_PC_REQUIRES "")
  set(TIJORI_PC_REQUIRES_PRIVATE "${tijori_modules}")
  set(TIJORI_PC_LIBS "-L\${libdir} -ltijori")
  set(TIJORI_PC_LIBS_PRIVATE "${CMAKE_THREAD_LIBS_INIT}")
else()
  set(TIJORI_PC_REQUIRES "${tijori_modules}")
  set(TIJORI_PC_REQUIRES_PRIVATE "")
  set(TIJORI_PC_LIBS "-L\${libdir} -ltijori ${CMAKE_THREAD_LIBS_INIT}")
  set(TIJORI_PC_LIBS_PRIVATE "")
endif()

foreach(library IN LISTS libraries)
  target_include_directories(${library} INTERFACE "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
endforeach()

install(
  TARGETS ${libraries}
  EXPORT tijoriTargets
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(FILES "${PROJECT_SOURCE_DIR}/include/tijori.h" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/tijori")
install(
  EXPORT tijoriTargets
  NAMESPACE tijori::
  DESTINATION "${package_dir}")
configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/scripts/cmake/tijoriConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/generated/tijoriConfig.cmake" INSTALL_DESTINATION "${package_dir}")
# Before 1.0 each minor version may change the interface.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/generated/tijoriConfigVersion.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/generated/tijoriConfig.cmake"
              "${PROJECT_BINARY_DIR}/generated/tijoriConfigVersion.cmake"
        DESTINATION "${package_dir}")

# The prefix is worked out from the place of the .pc file, so an installation can be moved.
file(RELATIVE_PATH TIJORI_PC_PREFIX "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
string(REGEX REPLACE "/$" "" TIJORI_PC_PREFIX "${TIJORI_PC_PREFIX}")
configure_file("${PROJECT_SOURCE_DIR}/scripts/cmake/tijori.pc.in"
               "${PROJECT_BINARY_DIR}/generated/tijori.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/generated/tijori.pc"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
