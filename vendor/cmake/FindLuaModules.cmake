# Finds where the system keeps Lua 5.4 modules: argparse (Lua) and cjson (C).
#   LuaModules_LUA_DIR  the directory of argparse.lua
#   LuaModules_C_DIR    the directory of cjson.so
find_path(LuaModules_LUA_DIR argparse.lua PATHS /usr/share/lua/5.4 /usr/local/share/lua/5.4)
find_path(LuaModules_C_DIR cjson.so PATHS /usr/lib /usr/local/lib
  PATH_SUFFIXES ${CMAKE_LIBRARY_ARCHITECTURE}/lua/5.4 lua/5.4)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LuaModules REQUIRED_VARS LuaModules_LUA_DIR LuaModules_C_DIR)
