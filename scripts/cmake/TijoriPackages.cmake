# The libraries Tijori stands on, by pkg-config. Each failure names the Debian package to install.

include(CheckCSourceCompiles)

find_package(PkgConfig)
if(NOT PKG_CONFIG_FOUND)
  message(FATAL_ERROR "pkg-config is missing. On Debian: apt-get install pkg-config "
                      "(or run scripts/setup, which installs all that is needed)")
endif()

# A macro: pkg_check_modules makes imported targets for the directory it is called from.
macro(tijori_package prefix module debian_package)
  pkg_check_modules(${prefix} QUIET IMPORTED_TARGET "${module}")
  if(${prefix}_FOUND)
    message(STATUS "Found ${module}: ${${prefix}_VERSION}")
  else()
    message(FATAL_ERROR "pkg-config does not find '${module}'. On Debian: apt-get install "
                        "${debian_package} (or run scripts/setup, which installs all that is needed)")
  endif()
endmacro()

tijori_package(SECP256K1 "libsecp256k1>=0.2.0" libsecp256k1-dev)
tijori_package(LMDB "lmdb" liblmdb-dev)
tijori_package(OPENSSL "libcrypto>=3.0" libssl-dev)
tijori_package(JANSSON "jansson" libjansson-dev)
tijori_package(MICROHTTPD "libmicrohttpd>=0.9.75" libmicrohttpd-dev)
tijori_package(CURL "libcurl>=7.85" libcurl4-openssl-dev)
if(TIJORI_BUILD_TESTS)
  tijori_package(CMOCKA "cmocka" libcmocka-dev)
endif()

# These modules can be left out when the library is built; then either header or symbols are missing.
set(CMAKE_REQUIRED_LIBRARIES PkgConfig::SECP256K1)
check_c_source_compiles(
  "#include <secp256k1.h>
   #include <secp256k1_extrakeys.h>
   #include <secp256k1_schnorrsig.h>
   int main(void)
   {
       unsigned char bytes[64] = {0};
       secp256k1_xonly_pubkey key;
       return secp256k1_xonly_pubkey_parse(secp256k1_context_static, &key, bytes) +
              secp256k1_schnorrsig_verify(secp256k1_context_static, bytes, bytes, 32, &key);
   }"
  TIJORI_SECP256K1_HAS_BIP340)
unset(CMAKE_REQUIRED_LIBRARIES)
if(NOT TIJORI_SECP256K1_HAS_BIP340)
  message(FATAL_ERROR "libsecp256k1 ${SECP256K1_VERSION} was built without its extrakeys and "
                      "schnorrsig modules, which BIP-340 needs. Debian's libsecp256k1-dev has both; "
                      "from source: ./configure --enable-module-extrakeys --enable-module-schnorrsig")
endif()
