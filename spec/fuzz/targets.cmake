# Fuzzing: the C targets, built by clang in a project of their own, and the Lua ones. Each is a test
# that runs for a few seconds; the target `fuzz` runs each for MIGHOST_FUZZ_SECONDS.

find_program(MIGHOST_CLANG NAMES clang clang-14 DOC "The compiler of the fuzz targets")
mark_as_advanced(MIGHOST_CLANG)
set(MIGHOST_FUZZ_SECONDS 60 CACHE STRING "How long the target fuzz runs each fuzz target")

# Clang may be there without the libraries that fuzzing needs.
if(MIGHOST_CLANG AND NOT DEFINED MIGHOST_CLANG_FUZZES)
  execute_process(COMMAND ${MIGHOST_CLANG} -fsanitize=fuzzer,address,undefined -x c -o /dev/null -
    INPUT_FILE ${CMAKE_CURRENT_LIST_DIR}/empty.c RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
  if(failed)
    set(works OFF)
  else()
    set(works ON)
  endif()
  set(MIGHOST_CLANG_FUZZES ${works} CACHE INTERNAL "Whether clang can build fuzz targets")
endif()

# The sanitizer build would build the very same programs again.
if(MIGHOST_CLANG_FUZZES AND NOT MIGHOST_SANITIZE)
  option(MIGHOST_FUZZ "Build the fuzz targets; needs clang and its libFuzzer" ON)
else()
  option(MIGHOST_FUZZ "Build the fuzz targets; needs clang and its libFuzzer" OFF)
endif()

set(FUZZ_FOLDER ${CMAKE_BINARY_DIR}/fuzz)
set(C_TARGETS journal lock path redact script status term)
set(C_SECONDS 3)
set(LUA_TARGETS answers codecs loop scripts stages states text)
set(LUA_SECONDS 5)

set(FUZZ_COMMANDS)

function(add_fuzz_test name)
  add_test(NAME fuzz/${name} COMMAND ${ARGN} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(fuzz/${name} PROPERTIES LABELS fuzz TIMEOUT 120
    ENVIRONMENT "${TEST_ENVIRONMENT}")
endfunction()

if(MIGHOST_FUZZ)
  if(NOT MIGHOST_CLANG_FUZZES)
    message(FATAL_ERROR "MIGHOST_FUZZ needs clang (packages clang and libclang-rt-14-dev)")
  endif()
  include(ExternalProject)
  ExternalProject_Add(fuzz_programs
    SOURCE_DIR ${CMAKE_CURRENT_LIST_DIR} BINARY_DIR ${FUZZ_FOLDER}/build
    PREFIX ${FUZZ_FOLDER}/project
    CMAKE_ARGS -DCMAKE_C_COMPILER=${MIGHOST_CLANG} -DCMAKE_BUILD_TYPE=None
    BUILD_ALWAYS ON INSTALL_COMMAND "")
  add_dependencies(check fuzz_programs)
  foreach(name ${C_TARGETS})
    set(command sh ${CMAKE_CURRENT_LIST_DIR}/run.sh $<TARGET_FILE:mighost>
      ${FUZZ_FOLDER}/build/${name} ${FUZZ_FOLDER})
    add_fuzz_test(c-${name} ${command} ${C_SECONDS})
    list(APPEND FUZZ_COMMANDS COMMAND ${command} ${MIGHOST_FUZZ_SECONDS})
  endforeach()
else()
  message(STATUS "Fuzz targets in C: not built (they need clang; -DMIGHOST_FUZZ=ON insists)")
endif()

foreach(name ${LUA_TARGETS})
  set(command mighost ${CMAKE_CURRENT_LIST_DIR}/lua_${name}.lua)
  add_fuzz_test(lua-${name} ${command} --seconds ${LUA_SECONDS} --corpus ${MIGHOST_CORPUS})
  list(APPEND FUZZ_COMMANDS COMMAND ${command} --seconds ${MIGHOST_FUZZ_SECONDS}
    --corpus ${MIGHOST_CORPUS} --seed random)
endforeach()

add_custom_target(fuzz ${FUZZ_COMMANDS} DEPENDS mighost host USES_TERMINAL)
if(MIGHOST_FUZZ)
  add_dependencies(fuzz fuzz_programs)
endif()
