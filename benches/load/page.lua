dofile(debug.getinfo(1, "S").source:sub(2):gsub("[^/]+$", "common.lua"))
local cursors, query
function prepare()
  local only = os.getenv("ONLY")
  cursors = only == "first" and { false } or read(only == "middle" and "middle" or "cursors")
  query = escaped(os.getenv("PAGE"))
end
function request()
  local cursor = cursors[math.random(#cursors)]
  local after = cursor and '"' .. cursor .. '"' or "null"
  return post('{"query":"' .. query .. '","variables":{"after":' .. after .. "}}")
end
