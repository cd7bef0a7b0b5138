-- fixup, in Lua: what was installed goes to the outputs that it belongs to, names its interpreters by path, and loses what is of
-- no use.
local phase = ...

local main_name = phase.outputs.out and "out" or phase.keys(phase.outputs)[1]
local main = phase.output(main_name)

-- Move a path to where there may be a folder of the same name.
local function merge(from, to)
  local there = phase.status(to)
  if not there then
    phase.move(from, to)
  elseif there.type == "folder" and phase.status(from).type == "folder" then
    for _, name in ipairs(phase.list(from)) do
      merge(from .. "/" .. name, to .. "/" .. name)
    end
    phase.remove(from)
  else
    phase.fail(from .. " cannot go to " .. to .. ", where there is something already")
  end
end

local function remove_empty(folder)
  if folder ~= main and phase.exists(folder) and #phase.list(folder) == 0 then
    phase.remove(folder)
    remove_empty(phase.parent(folder))
  end
end

local function move_path(path, output)
  if phase.exists(path) then
    merge(path, phase.output(output) .. path:sub(#main + 1))
    remove_empty(phase.parent(path))
  end
end

-- Which folders belong to which outputs, those within others first, as it is in output-folders.ts.
local folders = {
  { "lib/pkgconfig", "dev" },
  { "lib/cmake", "dev" },
  { "share/pkgconfig", "dev" },
  { "share/aclocal", "dev" },
  { "bin", "bin" },
  { "sbin", "bin" },
  { "lib", "lib" },
  { "include", "dev" },
  { "share/man", "man", "doc" },
  { "share/info", "info", "doc" },
  { "share/doc", "doc" },
}
local places = {}
if phase.exists(main) then
  for _, output in ipairs(phase.keys(phase.data.move)) do
    for _, pattern in ipairs(phase.data.move[output]) do
      local paths = phase.glob(main .. "/" .. pattern)
      if #paths == 0 then
        phase.fail("nothing matches " .. main .. "/" .. pattern)
      end
      for _, path in ipairs(paths) do
        move_path(path, output)
      end
    end
  end
  for _, each in ipairs(folders) do
    local output = phase.outputs[each[2]] and each[2] or phase.outputs[each[3] or ""] and each[3]
    if output and output ~= main_name then
      places[each[1]] = phase.output(output) .. "/" .. each[1]
      move_path(main .. "/" .. each[1], output)
    end
  end
end

-- Have the files of pkg-config say where headers and libraries are now.
local function move_package_config(file)
  local lines = "\n" .. phase.read(file)
  for variable, folder in pairs({ includedir = "include", libdir = "lib" }) do
    if places[folder] then
      local place = places[folder]:gsub("%%", "%%%%")
      lines = lines:gsub("\n" .. variable .. "=[^\n]*", "\n" .. variable .. "=" .. place)
    end
  end
  phase.write(file, lines:sub(2))
end

local build, host = phase.platforms.build, phase.platforms.host
local same = build.cpu == host.cpu and build.kernel == host.kernel and build.abi == host.abi

for _, name in ipairs(phase.keys(phase.outputs)) do
  local output = phase.output(name)
  local status = phase.status(output)
  if status and status.type == "folder" then
    for _, file in ipairs(phase.glob(output .. "/{lib,share}/pkgconfig/*.pc")) do
      move_package_config(file)
    end
    for _, file in ipairs(phase.glob(output .. "/lib/**/*.la")) do
      if phase.read(file):find("libtool library file", 1, true) then
        phase.remove(file)
      end
    end
    phase.remove(output .. "/share/info/dir")
    local scripts = {}
    phase.walk(output, function(path, each)
      if each.type == "file" and each.mode & 73 ~= 0 then
        scripts[#scripts + 1] = path
      end
    end)
    if phase.data.shebangs then
      local unknown = phase.patch_shebangs(scripts, function(program)
        return phase.find_host_program(program) or (same and phase.find_tool(program) or nil)
      end)
      if #unknown > 0 then
        phase.log("scripts for these stay as they are, nothing has them: " .. table.concat(unknown, ", "))
      end
    end
  end
end
