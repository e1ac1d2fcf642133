dofile(debug.getinfo(1, "S").source:sub(2):gsub("[^/]+$", "common.lua"))
local uuids
function prepare() uuids = read("uuids") end
function request()
  return wrk.format("PATCH", "/api/customers/" .. uuids[math.random(#uuids)], {
    ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. os.getenv("TOKEN"),
  }, '{"full_name":"Zofie Tanaka ' .. math.random(1000000) .. '"}')
end
